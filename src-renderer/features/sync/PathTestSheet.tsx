import { CircleAlert, CircleCheckBig, CircleDashed, CircleSlash, LoaderCircle } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PATH_STEPS, type PathReport } from '#shared/contract/bridge.ts';
import { callTerminal, onTerminal } from '../../state/live.ts';
import { errorText } from '../../state/toasts.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { clockText } from './clock-text.ts';

const ICON = {
  waiting: CircleDashed,
  running: LoaderCircle,
  ok: CircleCheckBig,
  failed: CircleAlert,
  skipped: CircleSlash,
} as const;
const COLOUR = {
  waiting: 'text-ink-3',
  running: 'text-info',
  ok: 'text-ok',
  failed: 'text-danger',
  skipped: 'text-ink-3',
} as const;

const NOTHING_YET: PathReport = {
  steps: PATH_STEPS.map((step) => ({ step, state: 'waiting', ms: null, error: null })),
  isDone: false,
  totalMs: 0,
  clockOffsetMs: null,
};

function Step({ step, offsetMs }: { step: PathReport['steps'][number]; offsetMs: number | null }) {
  const { t } = useTranslation('sync');
  const Icon = ICON[step.state];
  const clock = step.step === 'clock' && offsetMs !== null ? clockText(offsetMs, t) : undefined;
  return (
    <li data-step={step.step} data-state={step.state} className="flex items-start gap-3 border-t border-line py-3">
      <Icon
        size={22}
        aria-hidden
        className={cn('mt-0.5 shrink-0', COLOUR[step.state], step.state === 'running' && 'motion-safe:animate-spin')}
      />
      <span className="min-w-0 flex-1">
        <b className={cn('block font-semibold', step.state === 'skipped' && 'text-ink-3')}>{t(`path.${step.step}`)}</b>
        {step.state === 'failed' && (
          <>
            {step.error !== null && <span className="block text-sm text-ink-2">{step.error.message}</span>}
            <span className="block text-sm font-semibold text-danger">{t(`pathHelp.${step.step}`)}</span>
          </>
        )}
        {step.state === 'skipped' && <span className="block text-sm text-ink-3">{t('path.skipped')}</span>}
        {step.state === 'ok' && clock !== undefined && <span className="block text-sm text-ink-3">{clock.text}</span>}
      </span>
      <span className="num shrink-0 text-sm text-ink-3">
        {step.state === 'ok' || step.state === 'failed' ? t('path.ms', { ms: Math.round(step.ms ?? 0) }) : ''}
      </span>
    </li>
  );
}

/** Goes the whole way once and shows each step as it comes: from this disk to the cloud's database and back. */
export function PathTestSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('sync');
  const [report, setReport] = useState(NOTHING_YET);
  const [error, setError] = useState<string>();
  const isRunning = useRef(false);
  const start = useCallback(() => {
    if (isRunning.current) return;
    isRunning.current = true;
    setReport(NOTHING_YET);
    setError(undefined);
    callTerminal('sync:testPath', {})
      .then(setReport, (failure: unknown) => setError(errorText(failure)))
      .finally(() => (isRunning.current = false));
  }, []);
  useEffect(() => {
    const stop = onTerminal('sync:path', (heard) => isRunning.current && setReport(heard));
    start();
    return stop;
  }, [start]);
  const failed = report.steps.find(({ state }) => state === 'failed');
  const isOver = report.isDone || error !== undefined;
  const verdict = failed === undefined ? t('path.allGreen') : t('path.endsAt', { step: t(`path.${failed.step}`) });
  return (
    <Sheet title={t('path.title')} onClose={onClose} className="max-w-[560px]">
      <div className="flex flex-col gap-4 p-6">
        <p
          role="status"
          data-testid="path-verdict"
          className={cn(
            'num text-lg font-bold',
            !isOver ? 'text-ink-2' : failed === undefined && error === undefined ? 'text-ok' : 'text-danger',
          )}
        >
          {error ?? (isOver ? `${verdict} · ${t('path.ms', { ms: Math.round(report.totalMs) })}` : t('path.running'))}
        </p>
        <ol aria-label={t('path.title')}>
          {report.steps.map((step) => (
            <Step key={step.step} step={step} offsetMs={report.clockOffsetMs} />
          ))}
        </ol>
        <p className="text-sm text-ink-3">{t('path.harmless')}</p>
        <div className="flex gap-3">
          <Button className="flex-1" isDisabled={!isOver} onPress={start}>
            {t('path.again')}
          </Button>
          <Button variant="primary" className="flex-1" onPress={onClose}>
            {t('path.close')}
          </Button>
        </div>
      </div>
    </Sheet>
  );
}
