import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '#shared/kernel/errors.ts';
import { systemClock } from '../core/system-clock.ts';
import { createTerminal } from '../core/terminal.ts';
import { startHub } from './hub-server.ts';

const USAGE = `Usage: node src-main/hub/main.ts --data DIR [--port 4600] [--host 127.0.0.1]
  --data DIR      the terminal's data folder
  --port P        where browsers find it (0: any free port)
  --host H        the address to listen on; 0.0.0.0 for the branch's network
  --cloud URL     the cloud, when it has moved or together with --enrol
  --enrol CODE    enrols the folder first
  --name NAME     the terminal's name, with --enrol
  --backups DIR   a folder on a second drive, for backups and a second mirror (also: CHEFCLOUD_BACKUPS)
  --screens DIR   the built screens`;

const log = (line: string): void => {
  process.stderr.write(`${new Date(systemClock.now()).toISOString()} ${line}\n`);
};

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        port: { type: 'string', default: '4600' },
        host: { type: 'string', default: '127.0.0.1' },
        cloud: { type: 'string' },
        enrol: { type: 'string' },
        name: { type: 'string', default: 'Hub' },
        backups: { type: 'string', default: process.env['CHEFCLOUD_BACKUPS'] ?? '' },
        screens: { type: 'string', default: join(import.meta.dirname, '../../out/renderer') },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new AppError('input/invalid', `${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return String((JSON.parse(text) as { version?: unknown }).version);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new AppError('input/invalid', `--port: "${options.port}" is not a port (0 to 65535)`, { path: 'port' });
  }
  if (options.data === undefined) throw new AppError('input/invalid', `--data is missing\n${USAGE}`, { path: 'data' });
  if (options.enrol !== undefined && options.cloud === undefined) {
    throw new AppError('input/invalid', '--enrol needs --cloud URL', { path: 'cloud' });
  }

  const terminal = createTerminal({
    dataDir: options.data,
    clock: systemClock,
    host: 'hub',
    version: readVersion(),
    log,
    ...(options.cloud === undefined ? {} : { cloudUrl: options.cloud }),
    ...(options.backups === '' ? {} : { backupsDir: resolve(options.backups) }),
  });
  let hub: Awaited<ReturnType<typeof startHub>> | undefined;
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await hub?.close();
    await terminal.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());

  try {
    // An enrolled folder is left alone: a service that is started again with the same words goes on.
    if (options.enrol !== undefined && options.cloud !== undefined && !terminal.isEnrolled) {
      await terminal.enrol({ cloudUrl: options.cloud, code: options.enrol, deviceName: options.name });
    }
    await terminal.start();
    hub = await startHub({ terminal, clock: systemClock, log, screensDir: options.screens, host: options.host, port });
  } catch (error) {
    await terminal.close();
    throw error;
  }
  process.stdout.write(`${JSON.stringify({ event: 'listening', port: hub.port })}\n`);
}

main().catch((error: unknown) => {
  const text =
    error instanceof AppError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`chefcloud: ${text}\n`);
  process.exit(1);
});
