import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { PushRequest, SignedHead } from '#shared/contract/sync-wire.ts';
import { openStore } from '../../src-main/store/store.ts';
import { removeOld } from '../../src-main/store/retention.ts';
import { quiet, TestTerminal, testFolder } from '../helpers/test-terminal.ts';

const sha = (text: string): string => hash('sha256', text, 'base64url');

describe('the rolling hash of the outbox', () => {
  const sent = (terminal: TestTerminal): PushRequest[] =>
    terminal.cloud.sent('/sync/push').map(({ body }) => body as PushRequest);
  /** As a cloud counts that keeps every text it was sent. */
  const expected = (requests: readonly PushRequest[]): string => {
    const bodies = new Map(
      requests.flatMap(({ entries }) =>
        (entries as { seq: number; body: string }[]).map(({ seq, body }) => [seq, body]),
      ),
    );
    const incarnation = requests[0]?.incarnation ?? '';
    return [...bodies.keys()]
      .toSorted((a, b) => a - b)
      .reduce((so, seq) => sha(so + bodies.get(seq)), sha(`chefcloud-outbox ${incarnation}`));
  };

  test('goes with every push, over its last entry', async () => {
    const till = await TestTerminal.create();
    for (let n = 0; n < 3; n += 1) {
      till.openOrder();
      await quiet();
    }
    const requests = sent(till);
    expect(requests.length).toBeGreaterThan(1);
    requests.forEach(({ head, entries }, index) => {
      expect(head?.seq).toBe((entries.at(-1) as { seq: number }).seq);
      expect(head?.hash).toBe(expected(requests.slice(0, index + 1)));
    });
  });

  test('goes on after a restart, and from the first entry when nothing was kept', async () => {
    const till = await TestTerminal.create();
    till.openOrder();
    await quiet();
    await till.reopen();
    till.openOrder();
    await quiet();
    expect(sent(till).at(-1)?.head?.hash).toBe(expected(sent(till)));
    await till.terminal.close();
    const store = openStore(till.dataDir, () => undefined);
    store.db.prepare('DELETE FROM outbox_head').run();
    store.close();
    await till.reopen();
    till.openOrder();
    await quiet();
    expect(sent(till).at(-1)?.head?.hash).toBe(expected(sent(till)));
  });
});

describe('the heads of the cloud that a terminal keeps', () => {
  const head = (n: number, at: string, more = ''): SignedHead => ({
    scope: 'org',
    n,
    hash: sha(`${n}${more}`),
    at,
    key: 'key',
    signature: 'signature',
  });
  const numbers = (heads: readonly SignedHead[]): number[] => heads.map(({ n }) => n);

  test('are the newest of every hour; what does not go on from the last takes nobody’s place', () => {
    const store = openStore(testFolder(), () => undefined);
    const { auditHeads } = store;
    const keep = (each: SignedHead) => store.write(() => auditHeads.keep(each));
    expect(keep(head(3, '2026-03-02T12:00:00.000Z'))).toBeUndefined();
    expect(keep(head(5, '2026-03-02T12:30:00.000Z'))).toBeUndefined();
    expect(keep(head(5, '2026-03-02T12:30:00.000Z'))).toBeUndefined();
    keep(head(7, '2026-03-02T13:00:00.000Z'));
    expect(numbers(auditHeads.list(10))).toEqual([7, 5]);
    expect(keep(head(6, '2026-03-02T13:10:00.000Z'))?.n).toBe(7);
    expect(keep(head(6, '2026-03-02T13:20:00.000Z', 'other'))?.n).toBe(6);
    keep(head(9, '2026-03-02T13:30:00.000Z'));
    expect(numbers(auditHeads.list(10))).toEqual([9, 6, 7, 5]);
    store.close();
  });

  test('thin out to the newest of each day after 90 days, and the proof of a change stays', () => {
    const store = openStore(testFolder(), () => undefined);
    const at = (hour: number): string => `2026-03-02T${hour}:00:00.000Z`;
    for (const each of [head(3, at(10)), head(5, at(11)), head(9, at(12)), head(6, at(13)), head(8, at(14))])
      store.write(() => store.auditHeads.keep(each));
    removeOld(store, Date.parse('2026-05-01T00:00:00.000Z'));
    expect(numbers(store.auditHeads.list(10))).toEqual([8, 6, 9, 5, 3]);
    removeOld(store, Date.parse('2026-06-10T00:00:00.000Z'));
    expect(numbers(store.auditHeads.list(10))).toEqual([8, 9]);
    store.close();
  });
});
