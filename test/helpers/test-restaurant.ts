import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnrolmentCodeAnswer, LoginAnswer } from '#shared/contract/cloud-wire.ts';
import type { Level } from '#shared/domain/level.ts';
import { callCloud } from '../../scripts/start/cloud-client.ts';
import type { DemoFile } from '../../scripts/start/demo-file.ts';
import { createDemoRestaurant } from '../../scripts/start/demo-restaurant.ts';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { createTerminal } from '../../src-main/core/terminal.ts';
import { CloudProcess } from './cloud-process.ts';
import { freePort } from './free-port.ts';

const VERSION = '0.0.0-test';

/** The demo restaurant without its history: a real cloud process and terminals that are enrolled but not running. */
export interface TestRestaurant {
  cloud: CloudProcess;
  people: DemoFile['people'];
  person(level: Level): DemoFile['people'][number];
  /** The data folder of a terminal; the first three are called Counter 1, Kitchen and Office. */
  terminalDir(name: TerminalName): string;
  folder: string;
  close(): Promise<void>;
}
export type TerminalName = 'Counter 1' | 'Kitchen' | 'Office';
const MORE_TERMINALS: readonly TerminalName[] = ['Kitchen', 'Office'];

/** Starts one in a temporary folder; `close` ends the cloud and removes everything. */
export async function createTestRestaurant(): Promise<TestRestaurant> {
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-'));
  const terminalDir = (name: TerminalName): string => join(folder, name.toLowerCase().replaceAll(' ', '-'));
  const cloud = new CloudProcess(join(folder, 'cloud'), await freePort());
  const close = async (): Promise<void> => {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await cloud.start();
    const { people } = await createDemoRestaurant({
      cloudUrl: cloud.url,
      setupToken: cloud.setupToken,
      terminalDir: terminalDir('Counter 1'),
      version: VERSION,
      isWithHistory: false,
      onProgress: () => undefined,
    });
    const person = (level: Level): DemoFile['people'][number] => {
      const found = people.find((each) => each.level === level);
      if (found === undefined) throw new Error(`nobody has ${level}`);
      return found;
    };
    const { email, password } = person('L4');
    const login = await callCloud(cloud.url, 'POST /auth/login', { email, password }, LoginAnswer);
    const body = { branchId: login.staff.branchIds[0] };
    for (const deviceName of MORE_TERMINALS) {
      const { code } = await callCloud(
        cloud.url,
        'POST /enrolment-codes',
        body,
        EnrolmentCodeAnswer,
        login.accessToken,
      );
      mkdirSync(terminalDir(deviceName), { recursive: true });
      const terminal = createTerminal({
        dataDir: terminalDir(deviceName),
        clock: systemClock,
        host: 'hub',
        version: VERSION,
        log: () => undefined,
      });
      await terminal.enrol({ cloudUrl: cloud.url, code, deviceName });
      await terminal.close();
    }
    return { cloud, people, person, terminalDir, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}
