import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from './class-names.ts';
import { IconButton } from './IconButton.tsx';

export interface SheetProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Hides the head with title and cross; the title stays the sheet's name. */
  isBare?: boolean;
  /** Class names that set the width. */
  className?: string;
}

/** A dialog over the screen. Escape, the cross and a tap beside it close it; focus stays in it and goes back afterwards. */
export function Sheet({ title, onClose, children, isBare = false, className }: SheetProps) {
  const { t } = useTranslation();
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(isOpen) => !isOpen && onClose()}
      className="veil-in fixed inset-0 z-40 grid place-items-center overflow-y-auto bg-veil p-4"
    >
      <Modal className={cn('sheet-in w-full rounded-xl bg-surface shadow-sheet', className ?? 'max-w-[480px]')}>
        <Dialog
          aria-label={title}
          className="flex max-h-[calc(100dvh-2rem)] flex-col overflow-hidden rounded-xl outline-none"
        >
          {!isBare && (
            <header className="flex items-center gap-2 border-b border-line py-2 pl-6 pr-3">
              <Heading slot="title" className="min-w-0 flex-1 truncate text-lg font-bold tracking-tight">
                {title}
              </Heading>
              <IconButton label={t('close')} icon={<X size={22} />} onPress={onClose} />
            </header>
          )}
          <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
