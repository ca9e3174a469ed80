// `npm run replay`: see arguments.ts for what it takes, result.ts for what it writes.
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '#shared/kernel/errors.ts';
import { HELP, parseArguments, type ReplayOptions } from './arguments.ts';
import { readRecording } from './recording.ts';
import { rejectsCsv, writeWhole } from './rejects.ts';
import { Replay } from './replay.ts';
import { isGood } from './result.ts';

const GOOD = 0;
const BAD_RUN = 1;
const BAD_INPUT = 2;

/** What is wrong with the input rather than with the run. */
const INPUT_CODES = new Set<string>([
  'input/invalid',
  'file/missing',
  'file/malformed',
  'currency/wrong',
  'money/invalid',
  'device/bad-code',
]);

const { stdout, stderr } = process;
let running: Replay | undefined;
let isStopping = false;

for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.on(signal, () => {
    if (!isStopping) stderr.write('\nStopped; taking down what was started …\n');
    isStopping = true;
    void (running?.close() ?? Promise.resolve()).finally(() => process.exit(128 + number));
  });
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  // What a run says whose parts are being taken away is of no use; the signal's handler ends the process.
  if (isStopping) return new Promise<number>(() => undefined);
  if (error instanceof AppError) {
    stderr.write(`${error.message}\n`);
    return INPUT_CODES.has(error.code) ? BAD_INPUT : BAD_RUN;
  }
  stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return BAD_RUN;
});
// Nothing that is left open may keep a finished run alive.
process.exit();

async function main(args: readonly string[]): Promise<number> {
  const options = parseArguments(args, folderOfUser());
  if (options === 'help') {
    stdout.write(`${HELP}\n`);
    return GOOD;
  }
  refuseUnwritable('--json', options.jsonPath);
  refuseUnwritable('--rejects', options.rejectsPath);
  const recording = await readRecording(options);
  if (options.rejectsPath !== undefined) writeWhole(options.rejectsPath, rejectsCsv(recording.rejects));
  announce(options, recording);
  running = new Replay(options, { stderr, version: version() });
  const result = await running.run(recording);
  const text = JSON.stringify(result);
  if (options.jsonPath === undefined) stdout.write(`${text}\n`);
  else writeWhole(options.jsonPath, `${text}\n`);
  const verdict = isGood(result) ? 'Files, terminal and cloud agree' : 'NOT equal, or not everything has arrived';
  stderr.write(
    `${verdict}: ${result.orders} orders in ${(result.elapsedMs / 1000).toFixed(1)} s, ${result.ordersPerSecond} a second.\n`,
  );
  return isGood(result) ? GOOD : BAD_RUN;
}

/** npm changes to the project's folder; paths are meant from where the user stands. */
function folderOfUser(): string {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === 'replay' && folder !== undefined ? folder : process.cwd();
}

function version(): string {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Before anything is run: a result that cannot be written would be lost. */
function refuseUnwritable(option: string, path: string | undefined): void {
  if (path === undefined) return;
  const refuse = (why: string): never => {
    throw new AppError('input/invalid', `${option} ${path}: ${why}.`);
  };
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) refuse('this is a folder, not a file');
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch {
    refuse('its folder is missing or cannot be written');
  }
}

function announce(
  options: ReplayOptions,
  { rejects, orders, expected, notes }: Awaited<ReturnType<typeof readRecording>>,
): void {
  stderr.write(
    `${options.ordersPath}: ${orders.length} orders, ${expected.lines} lines, ${rejects.length} lines cannot be used`,
  );
  if (rejects.length > 0) {
    if (options.rejectsPath === undefined) {
      const [first] = rejects;
      stderr.write(
        ` (the first: ${first?.file}, line ${first?.line}: ${first?.reason}; list them with --rejects FILE)`,
      );
    } else {
      stderr.write(` (listed in ${options.rejectsPath})`);
    }
  }
  stderr.write('.\n');
  for (const note of notes) stderr.write(`Note: ${note}\n`);
}
