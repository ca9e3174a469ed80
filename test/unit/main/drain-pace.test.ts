import { expect, test } from 'vitest';
import type { PushRequest } from '#shared/contract/sync-wire.ts';
import { CloudDouble } from '../../helpers/cloud-double.ts';
import { quiet, TestTerminal } from '../../helpers/test-terminal.ts';

const pushed = (till: TestTerminal): number[] =>
  till.cloud
    .sent('/sync/push')
    .map(({ body }) => (body as PushRequest).entries.length)
    .filter((count) => count > 0);

/** A terminal with 500 orders of two commands that wait. */
async function full(cloud = new CloudDouble()): Promise<TestTerminal> {
  const till = await TestTerminal.create({ isOffline: true, cloud });
  for (let n = 0; n < 500; n += 1) till.openOrder();
  return till;
}

test('a queue is sent only so far ahead of its rows that taking them in does not hold up a tap', async () => {
  const till = await full();
  await till.terminal.start();
  await quiet();
  for (let n = 0; n < 100 && till.terminal.backlog().unsettled > 0; n += 1) await till.pass(100);
  expect(till.terminal.backlog()).toEqual({ waiting: 0, unsettled: 0 });
  expect(Math.max(...pushed(till))).toBeLessThanOrEqual(400);
  expect(till.cloud.list('order')).toHaveLength(500);
});

test('rows that stay away hold it up for two seconds, not for good', async () => {
  const cloud = new CloudDouble();
  const till = await full(cloud);
  let isFirst = true;
  cloud.intercept = ({ path }) => {
    if (path.startsWith('/stream')) return new Response('', { status: 503 });
    if (!path.startsWith('/sync/changes')) return undefined;
    if (!isFirst) return new Response('', { status: 503 });
    isFirst = false;
    return undefined;
  };
  await till.terminal.start();
  await quiet();
  for (let n = 0; n < 10; n += 1) await till.pass(100);
  expect(pushed(till).reduce((sum, count) => sum + count, 0)).toBe(400);
  for (let n = 0; n < 600 && till.terminal.backlog().waiting > 0; n += 1) await till.pass(100);
  expect(till.terminal.backlog().waiting).toBe(0);
});
