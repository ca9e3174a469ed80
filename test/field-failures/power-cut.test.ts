import { expect, test } from 'vitest';
import type { SellerMessage } from '../../scripts/crash/seller-messages.ts';
import { readTerminal } from '../../scripts/crash/read-stores.ts';
import { SalesRecord } from '../../scripts/crash/sales-record.ts';
import { SellerProcess } from '../../scripts/crash/seller-process.ts';
import { FieldRestaurant } from '../helpers/field-restaurant.ts';

// kill -9 takes the process away in the middle of a commit; that the disk has what was confirmed is shown on the system calls, in
// test/crash/flush-proof.test.ts.
test('a power cut loses a confirmed sale and its number is used again', async () => {
  const restaurant = await FieldRestaurant.open();
  const till = await restaurant.till('Counter');
  await till.terminal.close();
  const record = new SalesRecord();
  let isEnough = (): void => undefined;
  const onMessage = (message: SellerMessage, run: number): void => {
    record.take('till', run, message);
    isEnough();
  };
  // Nobody listens there: it has only itself.
  const cloudUrl = 'http://127.0.0.1:9';
  const seller = new SellerProcess({ dataDir: till.dataDir, cloudUrl, actorId: restaurant.ownerId, onMessage });
  for (let cut = 1; cut <= 4; cut += 1) {
    await seller.start();
    const wanted = record.commandIds.size + cut * 7;
    const reached = new Promise<void>((resolve) => {
      isEnough = () => {
        if (record.sales >= wanted) resolve();
      };
    });
    seller.sell(500);
    await reached;
    await seller.kill();
    const { orders } = readTerminal(till.dataDir);
    expect(record.resolve('till', orders)).toEqual([]);
    // Every confirmed sale is there as it was confirmed; numbers count from 1, each once, none left out.
    expect(record.compare('till', orders)).toEqual([]);
  }
  expect(record.sales).toBeGreaterThanOrEqual(28);
  await till.reopen();
  await till.settled();
  const numbers = till.terminal.list('order').map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect((await restaurant.rows('order')).length).toBe(record.orders.size);
});
