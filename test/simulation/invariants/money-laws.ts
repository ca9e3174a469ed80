import type { EntityOf } from '#shared/domain/entity.ts';
import { booksOfDeeds, booksOfOrders, differenceOf } from '../ledger/books.ts';
import { type Deed, findText, numberOf, possibleOrders, textOf } from '../ledger/deed.ts';
import type { CloudCommand, CloudState } from './cloud-state.ts';
import { type Broken, defineLaw } from './law.ts';

type Order = EntityOf<'order'>;
type Payment = Order['payments'][number];

interface Place {
  order: Order;
  payment: Payment;
}

/** Every payment of the cloud with the order it is on; throws through `broken` when one is on two. */
function placesOf(cloud: CloudState, broken: Broken): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const order of cloud.list('order')) {
    for (const payment of order.payments) {
      const other = places.get(payment.id);
      if (other !== undefined) broken(`payment ${payment.id} is on ${other.order.id} and on ${order.id}`);
      places.set(payment.id, { order, payment });
    }
  }
  return places;
}

/** An applied deed that changed nothing, since it failed inside, must be in front of a person. */
function isKeptApart(cloud: CloudState, deed: CloudCommand): boolean {
  return deed.flags.includes('failed-inside') && cloud.row('anomaly', `${deed.commandId}.failed-inside`) !== undefined;
}

const applied = (cloud: CloudState, ...names: string[]): CloudCommand[] =>
  cloud.commands.filter(({ name, status }) => status === 'applied' && names.includes(name));

/** A payment that was taken is in the cloud once, as it was taken, on its order or on the follow-up order of its terminal. */
export const paymentsOnce = defineLaw('payments-once', ({ cloud }, broken: Broken) => {
  const places = placesOf(cloud, broken);
  const taken = new Map<string, CloudCommand[]>();
  for (const deed of applied(cloud, 'payment.take')) {
    const id = textOf(deed, 'paymentId');
    taken.set(id, [...(taken.get(id) ?? []), deed]);
  }
  for (const [id, deeds] of taken) {
    const place = places.get(id);
    const counting = deeds.filter((deed) => !isKeptApart(cloud, deed));
    const [first] = counting;
    if (place === undefined) {
      if (first !== undefined) broken(`payment ${id} of ${textOf(first, 'orderId')} was taken and is on no order`);
      continue;
    }
    const same = counting.find((deed) => isPaymentOf(place, deed));
    if (same === undefined)
      broken(`payment ${id} is on ${place.order.id} as ${JSON.stringify(place.payment)}: nobody took that`);
  }
  for (const [id, { order }] of places)
    if (!taken.has(id)) broken(`payment ${id} is on ${order.id}, and nobody took it`);
});

function isPaymentOf({ order, payment }: Place, deed: Deed): boolean {
  return (
    possibleOrders(textOf(deed, 'orderId'), deed.deviceId).includes(order.id) &&
    payment.method === textOf(deed, 'method') &&
    payment.amountMinor === numberOf(deed, 'amountMinor') &&
    payment.tipMinor === numberOf(deed, 'tipMinor') &&
    payment.tenderedMinor === deed.input['tenderedMinor'] &&
    payment.reference === findText(deed, 'reference') &&
    payment.shiftId === findText(deed, 'shiftId') &&
    payment.day === deed.businessDay &&
    payment.at === deed.at &&
    payment.by === deed.actorId &&
    payment.takenOn === deed.deviceId
  );
}

/** Whether the payment is where a deed that gives money back looks for it, whichever of the two came first. */
function canReach(place: Place | undefined, deed: CloudCommand): boolean {
  return place !== undefined && possibleOrders(textOf(deed, 'orderId'), deed.deviceId).includes(place.order.id);
}

/** Money given back is entered once on its payment; where there was no payment to be seen, a person is asked. */
export const givenBackOnce = defineLaw('given-back-once', ({ cloud }, broken: Broken) => {
  const places = placesOf(cloud, broken);
  const refunds = new Map<string, Payment>();
  for (const { payment } of places.values()) {
    for (const { id } of payment.refunds) {
      if (refunds.has(id)) broken(`refund ${id} is entered twice`);
      refunds.set(id, payment);
    }
  }
  const asked = new Set<string>();
  for (const deed of applied(cloud, 'payment.refund')) {
    const id = textOf(deed, 'refundId');
    asked.add(id);
    const payment = refunds.get(id);
    if (payment === undefined) {
      if (isKeptApart(cloud, deed)) continue;
      const place = places.get(textOf(deed, 'paymentId'));
      if (canReach(place, deed)) broken(`refund ${id} of ${textOf(deed, 'paymentId')} is not entered`);
      if (cloud.row('anomaly', `${deed.commandId}.refund-without-payment.${id}`) === undefined)
        broken(`refund ${id} found no payment, and nobody is told`);
      continue;
    }
    const refund = payment.refunds.find((each) => each.id === id);
    if (payment.id !== textOf(deed, 'paymentId') || refund?.amountMinor !== numberOf(deed, 'amountMinor'))
      broken(`refund ${id} is entered as ${JSON.stringify(refund)} on ${payment.id}`);
    if (refund.day !== deed.businessDay || refund.shiftId !== findText(deed, 'shiftId'))
      broken(`refund ${id} is entered for another day or drawer: ${JSON.stringify(refund)}`);
  }
  for (const [id, payment] of refunds) if (!asked.has(id)) broken(`refund ${id} on ${payment.id} was given by nobody`);

  const reversals = new Map<string, CloudCommand[]>();
  for (const deed of applied(cloud, 'payment.reverse')) {
    const id = textOf(deed, 'paymentId');
    reversals.set(id, [...(reversals.get(id) ?? []), deed]);
  }
  for (const [id, deeds] of reversals) {
    const place = places.get(id);
    const reversal = place?.payment.reversal;
    for (const deed of deeds) {
      if (isKeptApart(cloud, deed)) continue;
      const isEntered = reversal !== undefined && reversal.at === deed.at && reversal.by === deed.actorId;
      if (isEntered) continue;
      if (reversal === undefined && canReach(place, deed)) broken(`the reversal of ${id} is not entered`);
      if (cloud.row('anomaly', `${deed.commandId}.refund-without-payment.${id}`) === undefined)
        broken(`a reversal of ${id} found nothing to reverse, and nobody is told`);
    }
  }
  for (const { payment } of places.values())
    if (payment.reversal !== undefined && !reversals.has(payment.id))
      broken(`payment ${payment.id} is reversed, and nobody did that`);
});

/** Totals by method and business day, and every drawer, are what the tills confirmed. */
export const booksBalance = defineLaw('books-balance', ({ cloud }, broken: Broken) => {
  const orders = cloud.list('order');
  const entered = new Set<string>();
  for (const order of orders) {
    for (const payment of order.payments) {
      entered.add(payment.id);
      if (payment.reversal !== undefined) entered.add(`reversal of ${payment.id} at ${payment.reversal.at}`);
      for (const { id } of payment.refunds) entered.add(id);
    }
  }
  // What is kept apart for a person moves no money; that it may be kept apart is the business of the laws above.
  const isWritten = (deed: Deed): boolean => {
    if (deed.name === 'payment.take') return entered.has(textOf(deed, 'paymentId'));
    if (deed.name === 'payment.refund') return entered.has(textOf(deed, 'refundId'));
    return entered.has(`reversal of ${textOf(deed, 'paymentId')} at ${deed.at}`);
  };
  const deeds = applied(cloud, 'payment.take', 'payment.reverse', 'payment.refund');
  const expected = booksOfDeeds(deeds, isWritten);
  const found = booksOfOrders(orders);
  const takings = differenceOf(expected.takings, found.takings);
  if (takings !== undefined) broken(`takings ${takings}`);
  const drawers = differenceOf(expected.drawers, found.drawers);
  if (drawers !== undefined) broken(`drawer ${drawers}`);
});

/** A shift stands as it was opened and first closed; each opening of the drawer is on it once. */
export const shiftsStand = defineLaw('shifts-stand', ({ cloud }, broken: Broken) => {
  const deedsOf = (name: string, shiftId: string): CloudCommand[] =>
    applied(cloud, name).filter((deed) => textOf(deed, 'shiftId') === shiftId && !isKeptApart(cloud, deed));
  for (const shift of cloud.list('shift')) {
    const [opened] = deedsOf('shift.open', shift.id);
    const [closed] = deedsOf('shift.close', shift.id);
    const noSales = deedsOf('shift.noSale', shift.id);
    if (opened === undefined && closed === undefined && noSales.length === 0) broken(`nobody opened shift ${shift.id}`);
    if (opened !== undefined && shift.floatMinor !== numberOf(opened, 'floatMinor'))
      broken(`shift ${shift.id} began with ${numberOf(opened, 'floatMinor')}, not with ${shift.floatMinor}`);
    if (closed === undefined ? shift.status === 'closed' : shift.status !== 'closed')
      broken(`shift ${shift.id} is ${shift.status}, closed by ${closed?.commandId ?? 'nobody'}`);
    if (closed !== undefined) {
      const same =
        shift.countedMinor === numberOf(closed, 'countedMinor') &&
        shift.expectedMinor === numberOf(closed, 'expectedMinor');
      if (!same)
        broken(`shift ${shift.id} was counted ${JSON.stringify(closed.input)}, and stands as ${JSON.stringify(shift)}`);
    }
    if (shift.noSales.length !== noSales.length)
      broken(`the drawer of ${shift.id} was opened ${noSales.length} times, ${shift.noSales.length} are noted`);
  }
  for (const deed of applied(cloud, 'shift.open', 'shift.close', 'shift.noSale'))
    if (!isKeptApart(cloud, deed) && cloud.row('shift', textOf(deed, 'shiftId')) === undefined)
      broken(`shift ${textOf(deed, 'shiftId')} of ${deed.name} ${deed.commandId} is not there`);
});
