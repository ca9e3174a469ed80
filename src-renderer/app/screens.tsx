import { BarChart3, ChefHat, Clock, Package, RefreshCw, Store, type LucideIcon } from 'lucide-react';
import { type ComponentType, lazy } from 'react';
import type { SessionInfo } from '#shared/contract/bridge.ts';
import type { Level } from '#shared/domain/level.ts';
import { mayUse } from '../state/selectors.ts';
import type { ScreenId } from './router.ts';
import { TillScreen } from '../features/pos/TillScreen.tsx';

export interface Screen {
  id: ScreenId;
  icon: LucideIcon;
  needs: Level;
  Component: ComponentType;
  /** `dark` whatever the system says. */
  theme?: 'dark';
  /** Fills the window: no rail, no top bar of the shell. */
  isFullScreen?: boolean;
}

const ShiftsScreen = lazy(async () => ({ default: (await import('../features/shifts/ShiftsScreen.tsx')).ShiftsScreen }));

/** The screens that work, in the order of the rail. */
const SCREENS: readonly Screen[] = [
  { id: 'till', icon: Store, needs: 'L2', Component: TillScreen },
  { id: 'shifts', icon: Clock, needs: 'L2', Component: ShiftsScreen },
];

/** The screens that this person may use. */
export function screensFor(session: SessionInfo | null): readonly Screen[] {
  return SCREENS.filter((screen) => mayUse(session, screen.needs));
}
