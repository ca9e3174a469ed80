import { z } from 'zod';

const Effect = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), orderId: z.string() }),
  z.object({ kind: z.literal('line'), orderId: z.string(), id: z.string(), amountMinor: z.int() }),
  z.object({
    kind: z.literal('payment'),
    orderId: z.string(),
    id: z.string(),
    method: z.enum(['cash', 'momo', 'card']),
    amountMinor: z.int(),
  }),
  z.object({
    kind: z.literal('refund'),
    orderId: z.string(),
    id: z.string(),
    paymentId: z.string(),
    amountMinor: z.int(),
  }),
  z.object({ kind: z.literal('close'), orderId: z.string() }),
]);
/** What one command does to the books, in the seller's words. */
export type Effect = z.infer<typeof Effect>;

/** What a seller says on its pipe, one JSON a line. */
export const SellerMessage = z.discriminatedUnion('said', [
  /** The terminal is open and its sync runs. */
  z.object({ said: z.literal('ready') }),
  /** It is about to execute this in one transaction. */
  z.object({ said: z.literal('intent'), n: z.int(), effects: z.array(Effect) }),
  /** `execute` has returned. `number`: the receipt's, when the order was opened by it. */
  z.object({
    said: z.literal('confirmed'),
    n: z.int(),
    commandIds: z.array(z.string()),
    number: z.string().optional(),
  }),
  /** Nothing waits, and everything has arrived. */
  z.object({ said: z.literal('settled') }),
  /** It shows as many orders, and as many closed ones, as it was told that there are. */
  z.object({ said: z.literal('caught-up') }),
]);
export type SellerMessage = z.infer<typeof SellerMessage>;

/** Where the seller finds its pipe to the checker. */
export const PIPE_FD = 3;

/** What the sellers sell; prices in minor units. */
export const ITEMS = [
  { itemId: 'crash-soup', name: 'Soup', unitPriceMinor: 650 },
  { itemId: 'crash-burger', name: 'Burger', unitPriceMinor: 1_295 },
  { itemId: 'crash-fish', name: 'Fish', unitPriceMinor: 1_850 },
  { itemId: 'crash-tea', name: 'Tea', unitPriceMinor: 275 },
] as const;
export const TAX = { code: 'none', ratePpm: 0, mode: 'inclusive' } as const;
export const STATION = 'kitchen';
