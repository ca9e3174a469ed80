import type { Refusal } from '#shared/contract/bridge.ts';
import type { RefusalDecision } from '#shared/domain/anomaly.ts';
import type { Call } from '../../state/run.ts';

/**
 * The commands of a decision, in one transaction. Tried again, the new command stands first: when it is refused on the
 * spot, nothing is decided. `changes`: fields of the input as they were fixed; null leaves a field out.
 */
export function decisionCalls(
  { commandId, deviceId, name, input }: Refusal,
  decision: RefusalDecision,
  more: { reason?: string; changes?: Readonly<Record<string, string | number | null>> } = {},
): Call[] {
  const decide: Call = {
    name: 'refusal.decide',
    input: { commandId, deviceId, decision, ...(more.reason === undefined ? {} : { reason: more.reason }) },
  };
  if (decision === 'discard' || input === null) return [decide];
  const changed = Object.entries({ ...input, ...more.changes }).filter(([, value]) => value !== null);
  return [{ name, input: consistent(name, Object.fromEntries(changed)) }, decide];
}

/** Cash: what the guest gave follows a changed amount, as if it had been exact. */
function consistent(name: string, input: Record<string, unknown>): Record<string, unknown> {
  if (name !== 'payment.take' || typeof input['tenderedMinor'] !== 'number') return input;
  const { amountMinor, tipMinor = 0, tenderedMinor, changeMinor = 0 } = input as Record<string, number>;
  const isSame = (tenderedMinor ?? 0) - changeMinor === (amountMinor ?? 0) + tipMinor;
  return isSame ? input : { ...input, tenderedMinor: (amountMinor ?? 0) + tipMinor, changeMinor: 0 };
}
