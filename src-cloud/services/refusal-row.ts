import type { Outcome } from '#shared/commands/engine.ts';
import { type Anomaly, refusalId, type RefusedCommand } from '#shared/domain/anomaly.ts';
import { put } from '#shared/domain/entity.ts';
import { BusinessDay } from '#shared/kernel/business-day.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { StaffId } from '#shared/kernel/ids.ts';
import type { DeviceCaller } from '../context.ts';
import { type CommandFold, printable } from './command-fold.ts';
import type { ReadEntry } from './push-entry.ts';

/** A larger input is looked at on its own terminal; the row travels to every screen of the branch. */
const LARGEST_INPUT = 8_000;
/** Inputs that nobody may read, not even those who decide. */
const SECRET = new Set(['staff.setPin']);
const NOBODY = StaffId.parse('unknown');

/**
 * Makes a refused entry a task that every terminal of the branch and its manager see. Refused again (sent anew to a cloud that was
 * restored), it keeps what somebody has decided about it.
 */
export async function keepRefusal(
  fold: CommandFold,
  entry: ReadEntry,
  { error }: Extract<Outcome, { status: 'rejected' }>,
  device: DeviceCaller,
  nowMs: number,
): Promise<void> {
  const { envelope } = entry;
  const id = refusalId(entry.recordId);
  const known = await fold.get('anomaly', id);
  const orderId = envelope?.input['orderId'];
  const refused: RefusedCommand = {
    name: envelope?.name ?? '',
    version: envelope?.version ?? 0,
    code: error.code,
    message: printable(error.message).slice(0, 500),
  };
  if (error.path !== undefined) refused.path = printable(error.path).slice(0, 200);
  const input = inputToShow(entry);
  if (input !== undefined) refused.input = input;
  const row: Anomaly = {
    id,
    branchId: device.branchId,
    code: 'command-refused',
    day: envelope?.businessDay ?? BusinessDay.parse(isoAt(nowMs).slice(0, 10)),
    at: envelope?.at ?? isoAt(nowMs),
    deviceId: device.deviceId,
    actorId: envelope?.actorId ?? NOBODY,
    commandId: entry.recordId,
    refused,
  };
  if (envelope?.approvedBy !== undefined) row.approvedBy = envelope.approvedBy;
  if (typeof orderId === 'string') row.orderId = printable(orderId).slice(0, 96);
  if (known?.resolved !== undefined) row.resolved = known.resolved;
  fold.keep([put('anomaly', row)]);
}

/** The input, unless it is secret, too long, or of a kind that the database would refuse a second time. */
function inputToShow({ envelope }: ReadEntry): Record<string, unknown> | undefined {
  if (envelope === undefined || SECRET.has(envelope.name)) return undefined;
  const text = JSON.stringify(envelope.input);
  // As JSON writes it: a NUL and a half of a surrogate pair.
  return text.length > LARGEST_INPUT || /\\u0000|\\ud[89a-f]/i.test(text) ? undefined : envelope.input;
}
