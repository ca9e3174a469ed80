import type { TFunction } from 'i18next';
import type { SyncStatus } from '#shared/contract/bridge.ts';
import type { Link } from '../bridge/screen-bridge.ts';

export interface Pill {
  tone: 'ok' | 'warn' | 'danger';
  text: string;
}

/** More than this puts wrong times on receipts. */
const CLOCK_OFF_MS = 120_000;

/**
 * What the truth pill says. It is made from the terminal's SyncStatus and from whether the terminal answers, and from
 * nothing else. Green stands for one thing only: everything this terminal knows is in the cloud, or is on its way there.
 * A queue that stands still is always named: offline, or by what holds it up.
 */
export function pillText(status: SyncStatus | null, link: Link, t: TFunction<'shell'>): Pill {
  if (link.state === 'down') return { tone: 'danger', text: t('pill.lost') };
  if (status === null) return { tone: 'warn', text: t('pill.unknown') };
  const { waiting, refused, hold } = status;
  const isOnline = status.link === 'online';
  const side = t(isOnline ? 'pill.online' : 'pill.offline');
  const what = t(waiting === 0 ? 'pill.allSaved' : 'pill.waiting', { count: waiting });
  if (hold?.cause === 'disk') return { tone: 'danger', text: t('pill.hold.disk') };
  const why = hold === undefined ? [] : [t(`pill.hold.${hold.cause}`)];
  if (refused > 0) {
    const isStill = waiting > 0 && (!isOnline || hold !== undefined);
    const still = isStill ? [isOnline ? what : `${side} · ${what}`, ...why] : [];
    return { tone: 'danger', text: [t('pill.needsYou', { count: refused }), ...still].join(' · ') };
  }
  if (hold !== undefined) return { tone: 'warn', text: [side, ...(waiting === 0 ? [] : [what]), ...why].join(' · ') };
  const isClockOff = isOnline && Math.abs(status.clockOffsetMs ?? 0) > CLOCK_OFF_MS;
  if (isClockOff) return { tone: 'warn', text: `${side} · ${what} · ${t('pill.clockOff')}` };
  return { tone: isOnline ? 'ok' : 'warn', text: `${side} · ${what}` };
}
