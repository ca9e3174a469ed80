import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { CommandCall } from '#shared/contract/bridge.ts';
import { LoginAnswer, SetupAnswer } from '#shared/contract/cloud-wire.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal, type Terminal } from '../../src-main/core/terminal.ts';
import { callCloud } from './cloud-client.ts';
import {
  DEMO_BRANCH,
  DEMO_MENU,
  DEMO_ORGANISATION,
  DEMO_OWNER,
  DEMO_PEOPLE,
  DEMO_STOCK,
  DEMO_TABLES,
  VAT,
} from './demo-data.ts';
import type { DemoFile } from './demo-file.ts';
import { runDemoHistory } from './demo-history.ts';

const DAY_MS = 86_400_000;
/** The menu is older than the first sale. */
const SET_UP_AGO_MS = 9 * DAY_MS;

export interface DemoOptions {
  cloudUrl: string;
  setupToken: string;
  /** The folder of the terminal that is enrolled and holds the history. */
  terminalDir: string;
  version: string;
  /** With a week of past sales. */
  isWithHistory: boolean;
  onProgress: (text: string) => void;
}

/**
 * Makes the demo restaurant in an empty cloud and enrols its terminal: set up over HTTP, everything else as commands of
 * that terminal through its outbox and the real push, until the cloud has taken the last of them.
 */
export async function createDemoRestaurant(options: DemoOptions): Promise<DemoFile> {
  const { cloudUrl, setupToken, onProgress } = options;
  const passwords = new Map([DEMO_OWNER, ...DEMO_PEOPLE].map((person) => [person.name, newPassword()]));
  const passwordOf = (name: string): string => passwords.get(name) ?? '';
  const { name, email, pin } = DEMO_OWNER;
  const owner = { name, email, pin, password: passwordOf(name) };
  const setup = { token: setupToken, organisation: DEMO_ORGANISATION, branch: DEMO_BRANCH, owner };
  const { branchId, ownerId, enrolmentCode } = await callCloud(cloudUrl, 'POST /setup', setup, SetupAnswer);

  const terminal = createTerminal({
    dataDir: options.terminalDir,
    clock: systemClock,
    host: 'hub',
    version: options.version,
    log: () => undefined,
  });
  try {
    await terminal.enrol({ cloudUrl, code: enrolmentCode, deviceName: 'Counter 1' });
    const nowMs = systemClock.now();
    setUp(terminal, ownerId, branchId, nowMs - SET_UP_AGO_MS);
    await setPins(terminal, ownerId);
    await terminal.start();
    // From here on the commands leave while the next ones are made.
    if (options.isWithHistory) {
      const orders = await runDemoHistory(terminal, nowMs, (done, days) =>
        onProgress(`past sales: day ${done} of ${days}`),
      );
      onProgress(`past sales: ${orders} orders on their way to the cloud`);
    }
    await terminal.whenSettled();
  } finally {
    await terminal.close();
  }
  await createLogins(cloudUrl, owner, passwordOf);
  return {
    isComplete: true,
    people: [...DEMO_PEOPLE, DEMO_OWNER].map((person) => ({
      name: person.name,
      level: person.level,
      pin: person.pin,
      ...(person.email === undefined ? {} : { email: person.email, password: passwordOf(person.name) }),
    })),
  };
}

function setUp(terminal: Terminal, ownerId: string, branchId: string, atMs: number): void {
  const calls: CommandCall[] = [];
  DEMO_MENU.forEach(({ categoryId, name, items }, index) => {
    calls.push({ name: 'menu.saveCategory', input: { categoryId, name, rank: index, colour: index + 1 } });
    for (const { itemId, name: itemName, priceMinor, stationId } of items) {
      calls.push({
        name: 'menu.saveItem',
        input: { itemId, name: itemName, categoryId, priceMinor, tax: VAT, stationId },
      });
    }
  });
  for (const table of DEMO_TABLES) calls.push({ name: 'table.save', input: table });
  for (const { onHandMilli, ...item } of DEMO_STOCK) {
    const { stockItemId } = item;
    calls.push({ name: 'stock.saveItem', input: item });
    calls.push({
      name: 'stock.adjust',
      input: { stockItemId, deltaMilli: onHandMilli, type: 'PURCHASE', reason: 'First delivery' },
    });
  }
  for (const { staffId, name, level } of DEMO_PEOPLE) {
    calls.push({ name: 'staff.save', input: { staffId, name, level, branchIds: [branchId], isActive: true } });
  }
  terminal.execute({ actorId: ownerId, atMs, calls });
}

/** The owner signs in at the terminal and gives everybody a PIN. */
async function setPins(terminal: Terminal, ownerId: string): Promise<void> {
  const screen = terminal.openScreen({ onEvent: () => undefined });
  await terminal.handleCall(screen, 'session:signIn', { staffId: ownerId, pin: DEMO_OWNER.pin });
  for (const { staffId, pin } of DEMO_PEOPLE) await terminal.handleCall(screen, 'staff:setPin', { staffId, pin });
  screen.close();
}

/** E-mail and password for the cloud, for everybody from L3 on; given by the owner, as it would be in a restaurant. */
async function createLogins(
  cloudUrl: string,
  owner: { email: string; password: string },
  passwordOf: (name: string) => string,
): Promise<void> {
  const { email, password } = owner;
  const { accessToken } = await callCloud(cloudUrl, 'POST /auth/login', { email, password }, LoginAnswer);
  for (const person of DEMO_PEOPLE) {
    if (person.email === undefined) continue;
    const body = { email: person.email, password: passwordOf(person.name) };
    await callCloud(cloudUrl, `PUT /staff/${person.staffId}/login`, body, z.unknown(), accessToken);
  }
}

const SYLLABLES = 'ba be bo da de do ka ke ko la le lo ma me mo na ne no pa pe po ra re ro sa se so ta te to'.split(
  ' ',
);

/** A password that can be read aloud, such as `kosa-mole-tari-4821`: about 33 bits, for a cloud on this machine alone. */
function newPassword(): string {
  const word = (): string => `${SYLLABLES[randomInt(SYLLABLES.length)]}${SYLLABLES[randomInt(SYLLABLES.length)]}`;
  return `${word()}-${word()}-${randomInt(1_000, 10_000)}`;
}
