/** What somebody has done at a terminal, as its outbox row says it: the ledger's own reading, without the product's schemas. */
export interface Deed {
  commandId: string;
  deviceId: string;
  name: string;
  at: string;
  businessDay: string;
  actorId: string;
  input: Record<string, unknown>;
}

/** Deeds that change the world outside: no state and no lost right refuses them any more (DESIGN §3). */
const PHYSICAL = new Set([
  'order.send',
  'order.close',
  'payment.take',
  'payment.reverse',
  'payment.refund',
  'shift.close',
  'shift.noSale',
]);

export function isPhysical(name: string): boolean {
  return PHYSICAL.has(name);
}

/** A field that every deed of this name carries. Throws when it is missing: then nothing that follows can be trusted. */
export function textOf(deed: Deed, field: string): string {
  const value = deed.input[field];
  if (typeof value !== 'string') throw new TypeError(`${deed.name} ${deed.commandId} has no ${field}`);
  return value;
}

export function findText(deed: Deed, field: string): string | undefined {
  const value = deed.input[field];
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(deed: Deed, field: string): number {
  const value = deed.input[field];
  if (typeof value !== 'number') throw new TypeError(`${deed.name} ${deed.commandId} has no ${field}`);
  return value;
}

export function textsOf(deed: Deed, field: string): string[] {
  const value = deed.input[field];
  return Array.isArray(value) ? value.map(String) : [];
}

/** The order that a follow-up order stands beside; an order's own id otherwise. */
export function baseOrderId(orderId: string): string {
  const cut = orderId.indexOf('~');
  return cut === -1 ? orderId : orderId.slice(0, cut);
}

/** Where something that a device does on `orderId` may lie: there, or on that device's follow-up order. */
export function possibleOrders(orderId: string, deviceId: string): string[] {
  const followUp = `${baseOrderId(orderId)}~${deviceId}`;
  return followUp === orderId ? [orderId] : [orderId, followUp];
}
