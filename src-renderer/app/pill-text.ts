import type { TFunction } from 'i18next';
import type { SyncStatus } from '#shared/contract/bridge.ts';
import type { Link } from '../bridge/screen-bridge.ts';

export interface Pill {
  tone: 'ok' | 'warn' | 'danger';
  text: string;
}

/**
 * What the truth pill says. It is made from the terminal's SyncStatus and from whether the terminal answers, and from
 * nothing else. Green stands for one thing only: everything this terminal knows is in the cloud.
 */
export function pillText(status: SyncStatus | null, link: Link, t: TFunction<'shell'>): Pill {
  if (link.state === 'down') return { tone: 'danger', text: t('pill.lost') };
  if (status === null) return { tone: 'warn', text: t('pill.unknown') };
  if (status.refused > 0) return { tone: 'danger', text: t('pill.needsYou', { count: status.refused }) };
  const isOnline = status.link === 'online';
  const side = t(isOnline ? 'pill.online' : 'pill.offline');
  if (status.waiting === 0) return { tone: isOnline ? 'ok' : 'warn', text: `${side} · ${t('pill.allSaved')}` };
  if (isOnline && status.trouble !== null)
    return { tone: 'warn', text: `${side} · ${t('pill.held', { count: status.waiting })}` };
  return { tone: isOnline ? 'ok' : 'warn', text: `${side} · ${t('pill.waiting', { count: status.waiting })}` };
}
