import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/IconButton.tsx';

export interface PagerProps {
  page: number;
  pages: number;
  /** Tickets on the pages after this one. */
  later: number;
  onTurn: (by: number) => void;
}

/** Turns the pages of a board that does not fit, and says how much does not. */
export function Pager({ page, pages, later, onTurn }: PagerProps) {
  const { t } = useTranslation('kds');
  if (pages <= 1) return null;
  return (
    <nav aria-label={t('pages')} className="flex shrink-0 items-center gap-1 text-lg font-bold">
      <IconButton
        label={t('previousPage')}
        icon={<ChevronLeft size={30} />}
        isDisabled={page === 0}
        onPress={() => onTurn(-1)}
      />
      <span className="num whitespace-nowrap" role="status">
        {t('page', { page: page + 1, pages })}
        {later > 0 && <span className="ml-3 text-warn">{t('more', { count: later })}</span>}
      </span>
      <IconButton
        label={t('nextPage')}
        icon={<ChevronRight size={30} />}
        isDisabled={page === pages - 1}
        onPress={() => onTurn(1)}
      />
    </nav>
  );
}
