// `npm start`: the cloud, a demo restaurant and the app. See `--help`.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '#shared/kernel/errors.ts';
import { buildIfStale } from './start/build-if-stale.ts';
import { openDataFolder, type DataFolder } from './start/data-folder.ts';
import { readDemoFile, writeDemoFile, type DemoFile } from './start/demo-file.ts';
import { createDemoRestaurant } from './start/demo-restaurant.ts';
import { describeStart } from './start/describe-start.ts';
import { findElectron } from './start/electron-runtime.ts';
import { openBrowser } from './start/open-browser.ts';
import { requireFreePort } from './start/ports.ts';
import { Service } from './start/service.ts';
import { parseStartOptions, START_HELP, type StartOptions } from './start/start-options.ts';

const root = dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const say = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2), process.env);
  if (options.isHelp) return say(START_HELP);
  const folder = openDataFolder(options.dataDir);
  const { port, backupsDir, isWatching } = options;
  const service = new Service({ root, version, folder, port, backupsDir, isWatching, say });
  stopOnSignals(service, folder);
  try {
    await run(options, folder, service);
  } catch (error) {
    await service.stop();
    folder.release();
    throw error;
  }
}

async function run(options: StartOptions, folder: DataFolder, service: Service): Promise<void> {
  await requireFreePort(options.port);
  await requireFreePort(options.port + 1);
  const electron = options.isOpening ? findElectron(root) : undefined;
  const aside = options.isFresh ? folder.reset() : undefined;
  if (aside !== undefined) say(`The data so far is kept in ${aside}.`);
  let demo = readDemoFile(folder.demoFile);
  const isFirst = demo?.isComplete !== true;
  // A first start that was interrupted left half a restaurant that nobody has worked with yet.
  if (isFirst && demo !== undefined) folder.reset();

  const built = buildIfStale(root);
  const cloud = service.startCloud();
  // Whichever fails first is reported; the others are no unhandled rejections.
  for (const work of [built, cloud]) work.catch(() => undefined);
  if (isFirst) {
    await cloud;
    demo = await makeDemo(folder, service);
  }
  // Later the till does not wait for the cloud: it has everything it needs.
  await built;
  const runtime = await electron;
  if (runtime?.isThere === true) {
    await service.startElectron(runtime.executable, () => void stop(service, folder, 0));
  } else {
    if (runtime !== undefined) {
      say(`The app opens in the browser: Electron's runtime is not here (${runtime.why}).`);
      if (runtime.download !== undefined) service.adopt(runtime.download);
    }
    await service.startHub();
  }
  await cloud;
  for (const line of describeStart(options, service, demo as DemoFile)) say(line);
  if (runtime?.isThere === false) openBrowser(service.appUrl);
}

async function makeDemo(folder: DataFolder, service: Service): Promise<DemoFile> {
  writeDemoFile(folder.demoFile, { isComplete: false, people: [] });
  say('Making the demo restaurant, once …');
  const demo = await createDemoRestaurant({
    cloudUrl: service.cloudUrl,
    setupToken: service.setupToken,
    terminalDir: folder.terminalDir,
    version,
    isWithHistory: true,
    onProgress: (text) => process.stdout.isTTY && process.stdout.write(`\r\u001B[K  ${text}`),
  });
  if (process.stdout.isTTY) process.stdout.write('\r\u001B[K');
  writeDemoFile(folder.demoFile, demo);
  return demo;
}

let isStopping = false;

async function stop(service: Service, folder: DataFolder, code: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await service.stop();
  folder.release();
  process.exit(code);
}

function stopOnSignals(service: Service, folder: DataFolder): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void stop(service, folder, 0));
}

main().catch((error: unknown) => {
  if (isStopping) return;
  if (error instanceof AppError) console.error(`chefcloud: ${error.message}`);
  else console.error(`chefcloud: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exit(1);
});
