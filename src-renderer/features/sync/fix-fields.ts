/** How a field of a command's input is typed by a person. */
export type FieldKind = 'count' | 'money' | 'text' | 'milli';
export interface FixField {
  name: string;
  kind: FieldKind;
}

/** What a person may change of a refused command before it is tried again. Commands that are not named have nothing to fix. */
const FIELDS: Readonly<Record<string, readonly FixField[]>> = {
  'order.addLine': [
    { name: 'quantity', kind: 'count' },
    { name: 'note', kind: 'text' },
  ],
  'order.changeLine': [
    { name: 'quantity', kind: 'count' },
    { name: 'note', kind: 'text' },
  ],
  'order.voidLine': [{ name: 'reason', kind: 'text' }],
  'order.void': [{ name: 'reason', kind: 'text' }],
  'payment.take': [
    { name: 'amountMinor', kind: 'money' },
    { name: 'reference', kind: 'text' },
  ],
  'payment.refund': [
    { name: 'amountMinor', kind: 'money' },
    { name: 'reason', kind: 'text' },
  ],
  'payment.reverse': [{ name: 'reason', kind: 'text' }],
  'shift.open': [{ name: 'floatMinor', kind: 'money' }],
  'shift.close': [{ name: 'countedMinor', kind: 'money' }],
  'shift.noSale': [{ name: 'reason', kind: 'text' }],
  'session.seat': [{ name: 'guests', kind: 'count' }],
  'table.save': [
    { name: 'name', kind: 'text' },
    { name: 'seats', kind: 'count' },
  ],
  'menu.saveCategory': [{ name: 'name', kind: 'text' }],
  'menu.saveItem': [
    { name: 'name', kind: 'text' },
    { name: 'priceMinor', kind: 'money' },
  ],
  'stock.saveItem': [
    { name: 'name', kind: 'text' },
    { name: 'unit', kind: 'text' },
  ],
  'stock.adjust': [
    { name: 'deltaMilli', kind: 'milli' },
    { name: 'reason', kind: 'text' },
  ],
  'staff.save': [{ name: 'name', kind: 'text' }],
  'anomaly.resolve': [{ name: 'note', kind: 'text' }],
};

export function fixFields(name: string): readonly FixField[] {
  return FIELDS[name] ?? [];
}

/** A value of the input as it stands in its field. `decimals`: of the currency. */
export function fieldText(kind: FieldKind, value: unknown, decimals: number): string {
  if (kind === 'text') return typeof value === 'string' ? value : '';
  if (typeof value !== 'number') return '';
  return shifted(value, kind === 'money' ? decimals : kind === 'milli' ? 3 : 0);
}

/** A field's text as a value of the input; `undefined` when it is no such value. An empty text is left out of the input. */
export function fieldValue(kind: FieldKind, text: string, decimals: number): string | number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (kind === 'text') return trimmed;
  const places = kind === 'money' ? decimals : kind === 'milli' ? 3 : 0;
  const match = /^([-−]?)(\d{1,12})(?:[.,](\d+))?$/.exec(trimmed.replaceAll(/[\s\u00a0]/g, ''));
  if (match === null || (match[3] ?? '').length > places) return undefined;
  const whole = Number((match[2] ?? '') + (match[3] ?? '').padEnd(places, '0'));
  return match[1] === '' ? whole : -whole;
}

/** An integer of `10^-places` as a plain decimal text, without trailing zeros after the point for thousandths. */
function shifted(value: number, places: number): string {
  if (places === 0) return String(value);
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  const whole = digits.slice(0, -places);
  const rest = places === 3 ? digits.slice(-places).replace(/0+$/, '') : digits.slice(-places);
  return `${value < 0 ? '-' : ''}${whole}${rest === '' ? '' : `.${rest}`}`;
}
