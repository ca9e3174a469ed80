import type { TFunction } from 'i18next';
import type { Ticket } from '#shared/domain/ticket.ts';

/**
 * What the kitchen shouts, short enough for a large head: "T 4" for table 4, "TA 83" for the takeaway K1-0083.
 * `number`: the whole receipt number, where the short label leaves a part of it out.
 */
export function shortLabel(
  { label, type }: Pick<Ticket, 'label' | 'type'>,
  t: TFunction<'kds'>,
): { text: string; number: string | undefined } {
  if (label === '') return { text: t(`types.${type}`), number: undefined };
  if (type === 'dine-in')
    return { text: /^\d+$/.test(label) ? t('short.dine-in', { number: label }) : label, number: undefined };
  const match = /^.+-0*(\d+)$/.exec(label);
  if (match === null) return { text: label, number: undefined };
  return { text: t(`short.${type}`, { number: match[1] }), number: label };
}
