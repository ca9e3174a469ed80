import type { Order } from '#shared/domain/order.ts';
import { DetailsSheet } from './DetailsSheet.tsx';
import { LineSheet } from './LineSheet.tsx';
import { OrdersSheet } from './OrdersSheet.tsx';
import { PaySheet } from './PaySheet.tsx';
import { SeatSheet } from './SeatSheet.tsx';
import { useTill } from './till-state.ts';

/** The one sheet that lies over the till, if any. What it is about may vanish: then it does too. */
export function TillSheets({ order }: { order: Order | undefined }) {
  const sheet = useTill((till) => till.sheet);
  if (sheet.kind === 'seat') return <SeatSheet />;
  if (sheet.kind === 'orders') return <OrdersSheet />;
  if (order === undefined) return null;
  if (sheet.kind === 'pay') return <PaySheet order={order} />;
  if (sheet.kind === 'details') return <DetailsSheet order={order} />;
  if (sheet.kind !== 'line') return null;
  const line = order.lines.find((each) => each.id === sheet.lineId && each.void === undefined);
  return line === undefined ? null : <LineSheet key={line.id} order={order} line={line} />;
}
