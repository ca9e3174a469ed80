import type { Station } from '#shared/domain/branch.ts';
import type { OrderLine } from '#shared/domain/order.ts';

/** The stations that these lines go to, "kitchen, bar": in the branch's order, by name where they have one. */
export function stationNames(lines: readonly Pick<OrderLine, 'stationId'>[], stations: readonly Station[]): string {
  const ids = new Set<string>(lines.map((line) => line.stationId));
  const known = stations.filter((station) => ids.has(station.id)).map((station) => station.name.toLowerCase());
  const unknown = [...ids].filter((id) => !stations.some((station) => station.id === id));
  return [...known, ...unknown].join(', ');
}
