import { SearchX, UtensilsCrossed } from 'lucide-react';
import { useCallback, useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { MenuItem } from '#shared/domain/menu.ts';
import { goTo, usePlace } from '../../app/router.ts';
import { useRows } from '../../state/selectors.ts';
import { tryRun } from '../../state/run.ts';
import { showToast } from '../../state/toasts.ts';
import { Button } from '../../ui/Button.tsx';
import { Chip, ChipRow } from '../../ui/Chip.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { ItemGrid } from './ItemGrid.tsx';
import { ItemSearch } from './ItemSearch.tsx';
import { findItems, indexMenu } from './menu-index.ts';
import { OrderPanel } from './OrderPanel.tsx';
import { OrderTabs } from './OrderTabs.tsx';
import { countByItem } from './order-view.ts';
import { TillSheets } from './TillSheets.tsx';
import { tapItem } from './till-actions.ts';
import { closeSheet, selectOrder, useTill } from './till-state.ts';

/** Ring up, send, take the money. */
export function TillScreen() {
  const { t } = useTranslation('pos');
  const items = useRows('menuItem');
  const categories = useRows('category');
  const availability = useRows('availability');
  const categoryId = useTill((till) => till.categoryId);
  const search = useTill((till) => till.search);
  const orderId = useTill((till) => till.orderId);
  const order = useRows('order').get(orderId ?? '');
  const openOrder = order?.status === 'open' ? order : undefined;
  const menu = useMemo(() => indexMenu(items, categories), [items, categories]);
  const out = useMemo(
    () => new Set([...availability.values()].filter((each) => each.is86).map((each) => each.itemId as string)),
    [availability],
  );
  const counts = useMemo(() => countByItem(openOrder), [openOrder]);
  const entries = useMemo(() => {
    if (search.trim() !== '') return findItems(menu.entries, search);
    return categoryId === undefined ? menu.entries : (menu.byCategory.get(categoryId) ?? menu.entries);
  }, [menu, search, categoryId]);
  const onTap = useCallback(
    (item: MenuItem) => {
      if (!out.has(item.id)) {
        tapItem(item);
        return;
      }
      const undo = {
        label: t('back'),
        run: () => void tryRun([{ name: 'menu.set86', input: { itemId: item.id, is86: false } }]),
      };
      showToast({ tone: 'info', text: t('outToast', { name: item.name }), undo });
    },
    [out, t],
  );
  // An address that names an order, such as from the sync centre.
  const wantedId = usePlace((place) => (place.screen === 'till' ? place.rest : ''));
  useEffect(() => {
    if (wantedId === '') return;
    selectOrder(wantedId);
    goTo('till');
  }, [wantedId]);
  // Whoever comes back, or signs in next, finds the order and not somebody's half-done sheet.
  useEffect(() => closeSheet, []);
  const takeFirst = () => {
    const first = entries[0];
    if (first === undefined) return;
    onTap(first.item);
    useTill.setState({ search: '' });
  };
  const choose = (id: string | undefined) => useTill.setState({ categoryId: id, search: '' });
  return (
    <div className="grid h-full grid-cols-[minmax(0,1fr)_380px] max-[1100px]:grid-cols-[minmax(0,1fr)_340px]">
      <section aria-label={t('items')} className="flex min-h-0 min-w-0 flex-col gap-3 px-4 pt-3">
        <h1 className="sr-only">{t('title')}</h1>
        <div className="flex items-center gap-2 max-[900px]:flex-wrap">
          <OrderTabs />
          <ItemSearch onTakeFirst={takeFirst} />
        </div>
        {menu.entries.length > 0 && (
          <ChipRow label={t('categories')}>
            <Chip isSelected={search === '' && categoryId === undefined} onPress={() => choose(undefined)}>
              {t('all')}
            </Chip>
            {menu.categories.map(({ id, name }) => (
              <Chip key={id} isSelected={search === '' && id === categoryId} onPress={() => choose(id)}>
                {name}
              </Chip>
            ))}
          </ChipRow>
        )}
        {entries.length > 0 ? (
          <ItemGrid entries={entries} counts={counts} out={out} onTap={onTap} />
        ) : menu.entries.length === 0 ? (
          <EmptyState icon={<UtensilsCrossed size={40} />} title={t('noMenu')} text={t('noMenuHelp')} />
        ) : (
          <EmptyState
            icon={<SearchX size={40} />}
            title={t('noItems', { search: search.trim() })}
            text={t('noItemsHelp')}
            action={<Button onPress={() => useTill.setState({ search: '' })}>{t('clearSearch')}</Button>}
          />
        )}
      </section>
      <OrderPanel order={openOrder} />
      <TillSheets order={openOrder} />
    </div>
  );
}
