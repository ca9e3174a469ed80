import type { TFunction } from 'i18next';
import type { KpiView, SyncStatus } from '#shared/contract/bridge.ts';

export interface SourceText {
  tone: 'ok' | 'warn';
  /** One sentence. */
  text: string;
  /** Mark on each tile until when its figure is complete. */
  mark: string | undefined;
}

/** The earliest moment up to which every terminal has told all it did; `null` when one was never heard. */
export function completeUntil({ oldestUnsyncedAt, missing }: KpiView): string | null {
  let until: string | null = oldestUnsyncedAt;
  for (const { lastHeardAt } of missing) {
    if (lastHeardAt === null) return null;
    if (until === null || lastHeardAt < until) until = lastHeardAt;
  }
  return until;
}

/** Whose figures these are, and how far they can be believed. `time` writes a moment in the branch's zone. */
export function sourceText(
  view: KpiView,
  status: SyncStatus | null,
  t: TFunction<'manager'>,
  time: (at: string) => string,
): SourceText {
  if (view.source === 'terminal') {
    const since = status?.offlineSinceAt ?? status?.lastContactAt ?? null;
    const text = since === null ? t('source.terminalNever') : t('source.terminal', { time: time(since) });
    return { tone: 'warn', text, mark: t('source.terminalMark') };
  }
  if (view.isComplete) return { tone: 'ok', text: t('source.live'), mark: undefined };
  const names = view.missing.map(({ name, lastHeardAt }) =>
    lastHeardAt === null ? t('source.neverHeard', { name }) : t('source.heard', { name, time: time(lastHeardAt) }),
  );
  const until = completeUntil(view);
  if (until === null)
    return {
      tone: 'warn',
      text: t('source.incompleteNever', { names: names.join(', ') }),
      mark: t('source.incompleteMark'),
    };
  if (names.length === 0)
    return {
      tone: 'warn',
      text: t('source.waiting', { time: time(until) }),
      mark: t('source.until', { time: time(until) }),
    };
  return {
    tone: 'warn',
    text: t('source.incomplete', { time: time(until), names: names.join(', '), count: names.length }),
    mark: t('source.until', { time: time(until) }),
  };
}
