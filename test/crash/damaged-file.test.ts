import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readPglite, readPostgres, readTerminal } from '../../scripts/crash/read-stores.ts';
import { createRestaurant } from '../../scripts/crash/restaurant.ts';
import { SalesRecord } from '../../scripts/crash/sales-record.ts';
import { SellerProcess } from '../../scripts/crash/seller-process.ts';
import { CloudProcess } from '../../scripts/replay/cloud-process.ts';
import { readMirror } from '../../src-main/store/mirror-files.ts';
import { createPostgresDatabase, hasPostgres } from '../helpers/engines.ts';
import { freePort } from '../helpers/free-port.ts';
import { testFolder } from '../helpers/test-terminal.ts';

// Seconds on a machine that has nothing else to do.
const TIMEOUT_MS = 240_000;
const SETUP_TOKEN = 'set-up-token-of-a-test';

/** What happens to the data file of a till that lies dead; more of it in test/store. */
const damages: [string, (file: string) => void][] = [
  [
    'a bit turned on every page',
    (file) => {
      const bytes = readFileSync(file);
      for (let page = 0; page < bytes.length; page += 4_096) bytes[page + 2_000] = (bytes[page + 2_000] ?? 0) ^ 4;
      writeFileSync(file, bytes);
    },
  ],
  ['its first pages overwritten', (file) => writeFileSync(file, Buffer.alloc(9_000, 0xa5), { flag: 'r+' })],
];

test(
  'a till killed while offline, whose data file is then damaged, heals and loses no confirmed sale',
  { timeout: TIMEOUT_MS },
  async () => {
    const folder = testFolder();
    const databaseUrl = hasPostgres ? await createPostgresDatabase() : '';
    const env = { PORT: String(await freePort()), DATABASE_URL: databaseUrl };
    const cloud = new CloudProcess(join(folder, 'cloud'), SETUP_TOKEN, env);
    await cloud.start();
    const { ownerId, dataDirs } = await createRestaurant(cloud.url, SETUP_TOKEN, folder, 1);
    const [dataDir = ''] = dataDirs;
    const record = new SalesRecord();
    let look = (): void => undefined;
    const till = new SellerProcess({
      dataDir,
      cloudUrl: cloud.url,
      actorId: ownerId,
      onMessage: (message, run) => {
        record.take('till', run, message);
        look();
      },
    });
    onTestFinished(async () => {
      await till.kill();
      await cloud.stop();
    });
    const sell = async (count: number): Promise<void> => {
      const wanted = record.sales + count;
      const sold = new Promise<void>((resolve) => {
        look = () => {
          if (record.sales >= wanted) resolve();
        };
      });
      till.sell(count);
      await sold;
    };

    await till.start();
    for (const [what, damage] of damages) {
      await sell(10);
      await till.settle();
      await cloud.kill();
      await sell(10);
      // The copy is one second behind at most.
      const last = record.commandIds.get('till')?.at(-1);
      await expect.poll(() => readMirror(join(dataDir, 'mirror'), true).last?.id, { timeout: 5_000 }).toBe(last);
      await till.kill();
      damage(join(dataDir, 'terminal.db'));
      // No backup has been made yet: people and menu come from the cloud, the unsent sales from the mirror.
      await cloud.start();
      await till.start();
      expect({ what, said: till.complaints }).toMatchObject({ said: expect.stringMatching(/put back/) });
      await sell(5);
      await till.settle();
      await till.catchUp(record.orders.size, record.sales);
      expect({ what, wrong: record.compare('cloud', (await readCloud()).orders) }).toEqual({ what, wrong: [] });
    }
    await till.kill();
    const { orders, daySums, damage } = readTerminal(dataDir);
    expect(record.compare('till', orders)).toEqual([]);
    expect(daySums).toEqual(record.sums());
    expect(damage).toEqual([]);

    async function readCloud(): ReturnType<typeof readPostgres> {
      if (databaseUrl !== '') return readPostgres(databaseUrl);
      await cloud.kill();
      const facts = await readPglite(join(folder, 'cloud', 'db'));
      await cloud.start();
      return facts;
    }
  },
);
