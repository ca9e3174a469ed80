import { z } from 'zod';
import type { CallOutput, CallParsed, HeldTerminal } from '#shared/contract/bridge.ts';
import { Decided, Quarantine, QuarantineLeft } from '#shared/contract/quarantine-wire.ts';
import { AppError } from '#shared/kernel/errors.ts';
import { DeviceId } from '#shared/kernel/ids.ts';
import { CloudError } from '../sync/cloud-client.ts';
import type { DeviceClient } from '../sync/device-client.ts';

/** What a person reads of a terminal's entries. */
const SHOWN = 20;
const Entry = z.object({ body: z.string() });
const Body = z.object({ name: z.string(), at: z.string(), actorId: z.string() });

/** What switched-off terminals of the branch have sent, and what a manager at this screen does about it. */
export interface QuarantineDesk {
  list(): Promise<CallOutput<'quarantine:list'>>;
  /** Rejects with AppError, also when the cloud does not answer. */
  decide(
    actorId: string,
    what: Pick<CallParsed<'quarantine:decide'>, 'deviceId' | 'decision'>,
  ): Promise<CallOutput<'quarantine:decide'>>;
}

export function createQuarantineDesk(client: DeviceClient): QuarantineDesk {
  return {
    list: async () => {
      try {
        const path = '/sync/quarantine?limit=5000';
        const { entries } = await client.send({ method: 'GET', path, answer: Quarantine });
        const held = entries.filter(({ status }) => status === 'held');
        const ids = [...new Set(held.map(({ deviceId }) => deviceId))];
        const terminals = ids.map((id) =>
          heldOf(
            id,
            held.filter(({ deviceId }) => deviceId === id),
          ),
        );
        return { terminals, isKnown: true };
      } catch (error) {
        if (error instanceof CloudError) return { terminals: [], isKnown: false };
        throw error;
      }
    },
    decide: async (actorId, { deviceId, decision }) => {
      const path = `/sync/quarantine/${encodeURIComponent(deviceId)}/${decision}`;
      const request = { method: 'POST', path, body: { actorId } } as const;
      try {
        if (decision === 'accept') return await client.send({ ...request, answer: Decided });
        await client.send({ ...request, answer: QuarantineLeft });
        return { accepted: 0, refused: 0 };
      } catch (error) {
        throw error instanceof CloudError ? new AppError(error.wire.code, error.wire.message) : error;
      }
    },
  };
}

function heldOf(id: string, held: z.infer<typeof Quarantine>['entries']): HeldTerminal {
  const newest = [...held].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
  return {
    deviceId: DeviceId.parse(id),
    count: held.length,
    lastAt: newest[0]?.receivedAt ?? '',
    entries: newest.slice(0, SHOWN).flatMap(({ entry }) => readBody(entry) ?? []),
  };
}

function readBody(text: string): z.infer<typeof Body> | undefined {
  try {
    return Body.safeParse(JSON.parse(Entry.parse(JSON.parse(text)).body)).data;
  } catch {
    return undefined;
  }
}
