import { Package, PackageCheck, Pencil, Plus, Search, SlidersHorizontal } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Input, SearchField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { isAtRisk, type StockItem } from '#shared/domain/stock.ts';
import { mayUse, useRows, useSession } from '../../state/selectors.ts';
import { Badge, type Tone } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IconButton } from '../../ui/IconButton.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { AdjustSheet } from './AdjustSheet.tsx';
import { ItemSheet } from './ItemSheet.tsx';
import { milliText } from './stock-amount.ts';
import { stockList, stockState, type StockState } from './stock-list.ts';

const TONE: Record<StockState, Tone> = { below: 'danger', out: 'danger', 'at-risk': 'warn', ok: 'plain' };
const ROW =
  'grid grid-cols-[minmax(0,1fr)_110px_150px_150px_var(--actions)] items-center gap-4 px-6 max-[1100px]:grid-cols-[minmax(0,1fr)_100px_110px_110px_var(--actions)] max-[1100px]:gap-3';
/** Room for the buttons of a row: adjust, and the pencil for those who may edit. */
const ACTIONS = { plain: '[--actions:112px]', edit: '[--actions:164px]' } as const;

type Open = { kind: 'adjust'; id: string } | { kind: 'edit'; id: string } | { kind: 'new' } | undefined;

function Row(props: { item: StockItem; mayEdit: boolean; onOpen: (open: Open) => void }) {
  const { item, mayEdit, onOpen } = props;
  const { t, i18n } = useTranslation('stock');
  const { id, name, unit, onHandMilli, reorderLevelMilli } = item;
  const state = stockState(item);
  const amount = (milli: number) => `${milliText(milli, i18n.language)} ${unit}`;
  return (
    <div data-stock={id} data-state={state} className={cn(ROW, 'min-h-16 border-t border-line py-2')}>
      <b className="min-w-0 break-words font-semibold">{name}</b>
      <span>
        <Badge tone={TONE[state]}>{t(`state.${state}`)}</Badge>
      </span>
      <span
        className={cn(
          'num text-right text-lg font-bold',
          state !== 'ok' && 'text-danger',
          state === 'at-risk' && 'text-warn',
        )}
      >
        {amount(onHandMilli)}
      </span>
      <span className="num text-right text-ink-3">
        {reorderLevelMilli === 0 ? t('noReorder') : amount(reorderLevelMilli)}
      </span>
      <span className="flex justify-end gap-1">
        <Button
          aria-label={t('adjustLabel', { name })}
          icon={<SlidersHorizontal size={18} aria-hidden />}
          onPress={() => onOpen({ kind: 'adjust', id })}
        >
          {t('adjust')}
        </Button>
        {mayEdit && (
          <IconButton
            label={t('edit', { name })}
            icon={<Pencil size={19} />}
            onPress={() => onOpen({ kind: 'edit', id })}
          />
        )}
      </span>
    </div>
  );
}

/** What is on hand, what runs low first. */
export function StockScreen() {
  const { t } = useTranslation('stock');
  const mayEdit = mayUse(useSession(), 'L4');
  const rows = useRows('stockItem');
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<'all' | 'atRisk'>('all');
  const [open, setOpen] = useState<Open>();
  const inUse = useMemo(() => [...rows.values()].filter((item) => !item.isRemoved), [rows]);
  const atRisk = useMemo(() => inUse.filter(isAtRisk).length, [inUse]);
  const items = useMemo(() => stockList(rows, search, filter === 'atRisk'), [rows, search, filter]);
  const openItem = open === undefined || open.kind === 'new' ? undefined : rows.get(open.id);
  const addButton = mayEdit && (
    <Button variant="primary" icon={<Plus size={20} aria-hidden />} onPress={() => setOpen({ kind: 'new' })}>
      {t('add')}
    </Button>
  );
  return (
    <div className="flex h-full flex-col">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-3 px-6 py-5">
        <h1 className="text-2xl font-bold tracking-tight">{t('title')}</h1>
        <p role="status" className="num text-ink-3">
          {t('count', { count: inUse.length })} ·{' '}
          <span className={atRisk > 0 ? 'font-semibold text-warn' : undefined}>
            {atRisk > 0 ? t('atRiskCount', { count: atRisk }) : t('allWell')}
          </span>
        </p>
        <div className="ml-auto flex flex-wrap items-center gap-3">
          <SearchField aria-label={t('search')} value={search} onChange={setSearch} className="relative w-60">
            <Search size={18} aria-hidden className="absolute left-3.5 top-[15px] text-ink-3" />
            <Input
              placeholder={t('search')}
              className="h-12 w-full rounded-m border border-line-strong bg-surface pl-11 pr-4 [&::-webkit-search-cancel-button]:hidden"
            />
          </SearchField>
          <Tabs
            label={t('filters')}
            tabs={[
              { key: 'all', label: t('filterAll') },
              { key: 'atRisk', label: t('filterAtRisk') },
            ]}
            selected={filter}
            onSelect={setFilter}
          />
          {addButton}
        </div>
      </header>
      <div
        className={cn(
          'mx-6 mb-5 flex min-h-0 flex-1 flex-col overflow-hidden rounded-lg border border-line bg-surface',
          mayEdit ? ACTIONS.edit : ACTIONS.plain,
        )}
      >
        {inUse.length === 0 ? (
          <EmptyState
            icon={<Package size={44} />}
            title={t('empty')}
            text={t(mayEdit ? 'emptyHelp' : 'emptyHelpOther')}
            action={addButton}
          />
        ) : items.length === 0 ? (
          <EmptyState
            icon={search === '' ? <PackageCheck size={44} /> : <Search size={40} />}
            title={t(search === '' ? 'noneAtRisk' : 'noMatch')}
            text={search === '' ? t('noneAtRiskHelp') : undefined}
            action={
              <Button
                onPress={() => {
                  setSearch('');
                  setFilter('all');
                }}
              >
                {t('showAll')}
              </Button>
            }
          />
        ) : (
          <>
            <div aria-hidden className={cn(ROW, 'min-h-11 text-[13px] font-semibold text-ink-3')}>
              <span>{t('name')}</span>
              <span />
              <span className="text-right">{t('onHand')}</span>
              <span className="text-right">{t('reorderLevel')}</span>
              <span />
            </div>
            <VirtualList
              label={t('items')}
              items={items}
              keyOf={(item) => item.id}
              rowHeight={65}
              renderRow={(item) => <Row item={item} mayEdit={mayEdit} onOpen={setOpen} />}
            />
          </>
        )}
      </div>
      {open?.kind === 'adjust' && openItem !== undefined && (
        <AdjustSheet item={openItem} onClose={() => setOpen(undefined)} />
      )}
      {open?.kind === 'edit' && openItem !== undefined && (
        <ItemSheet item={openItem} onClose={() => setOpen(undefined)} />
      )}
      {open?.kind === 'new' && <ItemSheet item={undefined} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
