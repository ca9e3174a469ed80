import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { hideToast, useToasts, type Toast } from '../state/toasts.ts';
import { Button } from './Button.tsx';
import { cn } from './class-names.ts';
import { IconButton } from './IconButton.tsx';

const ICON = { info: Info, ok: CircleCheck, danger: CircleAlert } as const;
const COLOUR = { info: 'text-info', ok: 'text-ok', danger: 'text-danger' } as const;

function ToastCard({ toast }: { toast: Toast }) {
  const { t } = useTranslation();
  const Icon = ICON[toast.tone];
  return (
    <div
      role={toast.tone === 'danger' ? 'alert' : 'status'}
      className="sheet-in pointer-events-auto flex min-h-14 max-w-[560px] items-center gap-3 rounded-m border border-line-strong bg-surface py-1 pl-4 pr-1 shadow-sheet"
    >
      <Icon size={22} className={cn('shrink-0', COLOUR[toast.tone])} aria-hidden />
      <span className="min-w-0 flex-1 py-2 font-semibold">{toast.text}</span>
      {toast.undo !== undefined && (
        <Button
          variant="link"
          onPress={() => {
            toast.undo?.run();
            hideToast(toast.id);
          }}
        >
          {toast.undo.label}
        </Button>
      )}
      <IconButton label={t('close')} icon={<X size={20} />} onPress={() => hideToast(toast.id)} />
    </div>
  );
}

/** Where toasts stand: bottom left of the work area, clear of the buttons that take money; reachable over a sheet too. */
export function ToastRegion() {
  const toasts = useToasts((state) => state.toasts);
  return createPortal(
    <div
      data-react-aria-top-layer="true"
      className="pointer-events-none fixed bottom-4 left-[100px] right-[396px] z-50 flex flex-col items-center gap-2 max-lg:right-4"
    >
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>,
    document.body,
  );
}
