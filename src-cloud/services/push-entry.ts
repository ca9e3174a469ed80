import type { Command } from '#shared/commands/define-command.ts';
import { parseInput } from '#shared/commands/engine.ts';
import { contextOf, Envelope } from '#shared/commands/envelope.ts';
import { findCommand } from '#shared/commands/registry.ts';
import { PushEntry } from '#shared/contract/sync-wire.ts';
import { AppError, ERRORS, invalidInput, toWireError, type WireError } from '#shared/kernel/errors.ts';
import { CommandId } from '#shared/kernel/ids.ts';
import type { DeviceCaller } from '../context.ts';
import type { Job } from './command-fold.ts';

/** An entry as it arrived, read as far as it could be read. */
export interface ReadEntry {
  seq: number;
  lamport: number;
  /** As it stands in the answer. */
  id: string;
  /** Under which it is recorded: `id`, or one derived from the series when that is no command id. */
  recordId: string;
  /** The text as it arrived; when it is no envelope it is recorded as a JSON text of it, in which every character can be kept. */
  body: string;
  envelope?: Envelope;
  command?: Command;
  /** Set when it can run. */
  job?: Job;
  /** Why it cannot run, and never will. */
  refusal?: WireError;
  /** This version of the cloud does not know the command: it waits for the next one. */
  isUnknown?: boolean;
}

/** An entry without a readable `seq` has no place in the series. */
export interface UnreadableEntry {
  id: string;
  error: WireError;
}

/** Reads one entry of a push. Nothing that a terminal sends makes this throw. */
export function readEntry(
  raw: unknown,
  device: DeviceCaller,
  incarnation: string,
  rightsKnownSinceMs: number,
): ReadEntry | UnreadableEntry {
  const parsed = PushEntry.safeParse(raw);
  if (!parsed.success) return readDamagedEntry(raw, device, incarnation, invalidInput(parsed.error.issues));
  const { seq, lamport, id, body } = parsed.data;
  const entry: ReadEntry = { seq, lamport, id, recordId: recordIdOf(id, device, incarnation, seq), body };
  try {
    const envelope = Envelope.safeParse(JSON.parse(body));
    if (!envelope.success) throw underBody(invalidInput(envelope.error.issues));
    entry.envelope = envelope.data;
    if (envelope.data.id !== id)
      throw new AppError('input/invalid', 'body.id: not the id of the entry', { path: 'body.id' });
    if (envelope.data.branchId !== device.branchId) throw new AppError('auth/other-branch');
    const command = findCommand(envelope.data.name, envelope.data.version);
    if (command === undefined) return { ...entry, isUnknown: true };
    entry.command = command;
    const ctx = contextOf(envelope.data, { orgId: device.orgId, deviceId: device.deviceId, isRecorded: true });
    const input = parseInput(command, envelope.data.input);
    return { ...entry, job: { command, input, ctx, rightsKnownSinceMs } };
  } catch (error) {
    const refusal =
      error instanceof SyntaxError
        ? new AppError('input/invalid', 'body: not JSON', { path: 'body' })
        : underInput(error, entry.command !== undefined);
    return { ...entry, refusal: toWireError(refusal) };
  }
}

/** The field of a command's input as it lies in the entry. */
function underInput(error: unknown, isInput: boolean): unknown {
  if (!isInput || !(error instanceof AppError) || error.code !== 'input/invalid') return error;
  return new AppError(error.code, error.message, { path: `body.input.${error.path ?? ''}` });
}

function underBody(error: AppError): AppError {
  return new AppError(error.code, error.message, { path: `body.${error.path ?? ''}` });
}

function readDamagedEntry(
  raw: unknown,
  device: DeviceCaller,
  incarnation: string,
  error: AppError,
): ReadEntry | UnreadableEntry {
  const fields = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  const id = typeof fields['id'] === 'string' ? fields['id'].slice(0, 200) : '';
  const seq = fields['seq'];
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return { id, error: toWireError(error) };
  return {
    seq,
    lamport: 0,
    id,
    recordId: recordIdOf(id, device, incarnation, seq),
    body: JSON.stringify(raw),
    refusal: toWireError(error),
  };
}

function recordIdOf(id: string, device: DeviceCaller, incarnation: string, seq: number): string {
  return CommandId.safeParse(id).success ? id : `${device.deviceId}.${incarnation}.${seq}`;
}

export const UNKNOWN_COMMAND: WireError = { code: 'command/unknown', message: ERRORS['command/unknown'].text };
