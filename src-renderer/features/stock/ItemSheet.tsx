import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import type { StockItem } from '#shared/domain/stock.ts';
import { run, tryRun } from '../../state/run.ts';
import { errorText, showToast } from '../../state/toasts.ts';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { decimalSign, parseMilli, plainMilli } from './stock-amount.ts';

/** Name, unit and reorder level of an item, new or known. What is on hand changes only by adjusting. */
export function ItemSheet({ item, onClose }: { item: StockItem | undefined; onClose: () => void }) {
  const { t, i18n } = useTranslation('stock');
  const { t: tCommon } = useTranslation();
  const sign = decimalSign(i18n.language);
  const [stockItemId] = useState(() => item?.id ?? ulid());
  const [name, setName] = useState(item?.name ?? '');
  const [unit, setUnit] = useState(item?.unit ?? '');
  const [level, setLevel] = useState(plainMilli(item?.reorderLevelMilli ?? 0).replace('.', sign));
  const [isTried, setTried] = useState(false);
  const [error, setError] = useState('');
  const levelMilli = parseMilli(level);
  const isWhole = name.trim() !== '' && unit.trim() !== '' && levelMilli !== undefined;

  const call = (isRemoved: boolean) => ({
    name: 'stock.saveItem',
    input: { stockItemId, name: name.trim(), unit: unit.trim(), reorderLevelMilli: levelMilli ?? 0, isRemoved },
  });
  const save = async (isRemoved: boolean) => {
    setTried(true);
    if (!isWhole) return;
    try {
      await run([call(isRemoved)]);
    } catch (failure) {
      setError(errorText(failure));
      return;
    }
    if (isRemoved) {
      const undo = { label: tCommon('undo'), run: () => void tryRun([call(false)]) };
      showToast({ tone: 'ok', text: t('removed', { name: name.trim() }), undo });
    } else showToast({ tone: 'ok', text: t('saved', { name: name.trim() }) });
    onClose();
  };

  return (
    <Sheet title={item === undefined ? t('newTitle') : t('editTitle', { name: item.name })} onClose={onClose}>
      <form
        className="flex flex-col gap-4 p-6"
        onSubmit={(event) => {
          event.preventDefault();
          void save(false);
        }}
      >
        <Field
          label={t('name')}
          value={name}
          onChange={setName}
          maxLength={120}
          isFirst
          error={isTried && name.trim() === '' ? t('needName') : undefined}
        />
        <Field
          label={t('unit')}
          value={unit}
          onChange={setUnit}
          maxLength={16}
          help={t('unitHelp')}
          error={isTried && unit.trim() === '' ? t('needUnit') : undefined}
        />
        <Field
          label={t('reorderLevel')}
          value={level}
          onChange={setLevel}
          inputMode="decimal"
          help={t('reorderHelp')}
          error={isTried && levelMilli === undefined ? t('badAmount', { example: `2${sign}5` }) : undefined}
        />
        {error !== '' && (
          <p role="alert" className="text-sm font-semibold text-danger">
            {error}
          </p>
        )}
        <Button variant="primary" size="l" type="submit">
          {tCommon('save')}
        </Button>
        {item !== undefined && (
          <Button variant="quiet" icon={<Trash2 size={18} aria-hidden />} onPress={() => void save(true)}>
            {t('remove')}
          </Button>
        )}
      </form>
    </Sheet>
  );
}
