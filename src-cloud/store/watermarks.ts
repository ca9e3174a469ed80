import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { OutboxHead } from '#shared/contract/sync-wire.ts';
import type { Tx } from './with-org.ts';

/** Where a series of a terminal stands in the cloud. */
export interface WatermarkRow {
  seq: number;
  lamport: number;
  /** The rolling hash over the texts up to `seq`; null when the series began before there was one. */
  head: string | null;
}

export interface Series {
  orgId: string;
  branchId: string;
  deviceId: string;
  incarnation: string;
}

/** What stands before the first entry of a series. The terminal counts in the same way (src-main/store/outbox-head-rows.ts). */
export function seriesStart(incarnation: string): string {
  return hash('sha256', `chefcloud-outbox ${incarnation}`, 'base64url');
}

/** The rolling hash after one more entry: over its exact text. */
export function seriesHash(before: string, body: string): string {
  return hash('sha256', before + body, 'base64url');
}

/** Locks the row of a series, and makes it when the terminal has never pushed under it. */
export async function lockWatermark(tx: Tx, series: Series): Promise<WatermarkRow> {
  const row = await findForUpdate(tx, series);
  if (row !== undefined) return row;
  const start = { seq: 0, lamport: 0, head_hash: seriesStart(series.incarnation) };
  await tx
    .insertInto('watermark')
    .values({
      org_id: series.orgId,
      device_id: series.deviceId,
      incarnation: series.incarnation,
      branch_id: series.branchId,
      ...start,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await findForUpdate(tx, series)) ?? { seq: 0, lamport: 0, head: start.head_hash };
}

async function findForUpdate(tx: Tx, series: Series): Promise<WatermarkRow | undefined> {
  return tx
    .selectFrom('watermark')
    .select(['seq', 'lamport', 'head_hash as head'])
    .where('org_id', '=', series.orgId)
    .where('device_id', '=', series.deviceId)
    .where('incarnation', '=', series.incarnation)
    .forUpdate()
    .executeTakeFirst();
}

/** Moves a series on; `told` is what the terminal says of its own outbox. */
export async function moveWatermark(
  tx: Tx,
  { orgId, deviceId, incarnation }: Series,
  to: WatermarkRow,
  told: OutboxHead | undefined,
): Promise<void> {
  await sql`update watermark set seq = ${to.seq}::int8, lamport = ${to.lamport}::int8, head_hash = ${to.head},
      told_seq = coalesce(${told?.seq ?? null}::int8, told_seq), told_hash = coalesce(${told?.hash ?? null}::text, told_hash)
    where org_id = ${orgId} and device_id = ${deviceId} and incarnation = ${incarnation}`.execute(tx);
}
