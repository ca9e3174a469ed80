import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EnrolmentCodeAnswer, LoginAnswer, SetupAnswer } from '#shared/contract/cloud-wire.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal } from '../../src-main/core/terminal.ts';
import { callCloud } from '../start/cloud-client.ts';
import { ITEMS, STATION, TAX } from './seller-messages.ts';

/** A restaurant in an empty cloud, with its menu, and terminals that are enrolled and at rest. */
export interface CrashRestaurant {
  ownerId: string;
  /** The data folders of the terminals. */
  dataDirs: string[];
}

/** Sets one up, with `tills` terminals in `folder`. */
export async function createRestaurant(
  cloudUrl: string,
  setupToken: string,
  folder: string,
  tills: number,
): Promise<CrashRestaurant> {
  const email = 'owner@crash.example';
  const password = randomBytes(18).toString('base64url');
  const setup = {
    token: setupToken,
    organisation: { name: 'Crash', currency: 'EUR' },
    branch: { name: 'Main', zone: 'UTC', dayStartHour: 0, stations: [{ id: STATION, name: 'Kitchen' }] },
    owner: { name: 'Owner', email, password, pin: '482911' },
  };
  const { ownerId, branchId, enrolmentCode } = await callCloud(cloudUrl, 'POST /setup', setup, SetupAnswer);
  const { accessToken } = await callCloud(cloudUrl, 'POST /auth/login', { email, password }, LoginAnswer);
  const dataDirs: string[] = [];
  for (let n = 1; n <= tills; n += 1) {
    const dataDir = join(folder, `till-${n}`);
    const code =
      n === 1
        ? enrolmentCode
        : (await callCloud(cloudUrl, 'POST /enrolment-codes', { branchId }, EnrolmentCodeAnswer, accessToken)).code;
    const terminal = createTerminal({
      dataDir,
      clock: systemClock,
      host: 'hub',
      version: '0.0.0-crash',
      log: () => undefined,
    });
    try {
      await terminal.enrol({ cloudUrl, code, deviceName: `Till ${n}` });
      if (n === 1) {
        const category = { categoryId: 'crash', name: 'Crash', rank: 1, colour: 1 };
        const items = ITEMS.map(({ itemId, name, unitPriceMinor: priceMinor }) => ({
          name: 'menu.saveItem',
          input: { itemId, name, categoryId: 'crash', priceMinor, tax: TAX, stationId: STATION },
        }));
        terminal.execute({ actorId: ownerId, calls: [{ name: 'menu.saveCategory', input: category }, ...items] });
        await terminal.start();
        await terminal.whenSettled();
      }
    } finally {
      await terminal.close();
    }
    dataDirs.push(dataDir);
  }
  return { ownerId, dataDirs };
}
