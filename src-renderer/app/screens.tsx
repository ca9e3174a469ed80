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
  /** People stand away from it: what it must say, it says large. */
  isReadFromAfar?: boolean;
}

const ShiftsScreen = lazy(async () => ({
  default: (await import('../features/shifts/ShiftsScreen.tsx')).ShiftsScreen,
}));
const KitchenScreen = lazy(async () => ({
  default: (await import('../features/kds/KitchenScreen.tsx')).KitchenScreen,
}));
const ManagerScreen = lazy(async () => ({
  default: (await import('../features/manager/ManagerScreen.tsx')).ManagerScreen,
}));
const StockScreen = lazy(async () => ({ default: (await import('../features/stock/StockScreen.tsx')).StockScreen }));
const SyncScreen = lazy(async () => ({ default: (await import('../features/sync/SyncScreen.tsx')).SyncScreen }));

/** The screens that work, in the order of the rail. */
const SCREENS: readonly Screen[] = [
  { id: 'till', icon: Store, needs: 'L2', Component: TillScreen },
  { id: 'kitchen', icon: ChefHat, needs: 'L1', Component: KitchenScreen, theme: 'dark', isReadFromAfar: true },
  { id: 'shifts', icon: Clock, needs: 'L2', Component: ShiftsScreen },
  { id: 'manager', icon: BarChart3, needs: 'L4', Component: ManagerScreen },
  { id: 'stock', icon: Package, needs: 'L3', Component: StockScreen },
  { id: 'sync', icon: RefreshCw, needs: 'L2', Component: SyncScreen },
];

/** The screens that this person may use. */
export function screensFor(session: SessionInfo | null): readonly Screen[] {
  return SCREENS.filter((screen) => mayUse(session, screen.needs));
}
