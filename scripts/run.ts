// Runs the tools of node_modules under this very Node, and passes on the signals that this process gets.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

export const root = dirname(import.meta.dirname);

const running = new Set<ChildProcess>();
let ending: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    ending = signal;
    if (running.size === 0) process.exit(128 + constants.signals[signal]);
    for (const child of running) child.kill(signal);
  });
}

export interface Run {
  code: number;
  /** Both streams, in the order they came. */
  output: string;
}

interface Settings {
  /** Capture its words and show none. */
  isQuiet?: boolean;
  env?: Record<string, string>;
}

/** `runNode` for a script of a package: `runTool('vitest/vitest.mjs', ['run'])`. */
export function runTool(script: string, args: readonly string[], settings: Settings = {}): Promise<Run> {
  return runNode(join('node_modules', script), args, settings);
}

/**
 * Runs a script (its path from the checkout) to its end. Its words are shown as they come, or with `isQuiet` only captured.
 * Never rejects for a tool that fails; exits this process when a signal ended the tool.
 */
export function runNode(
  script: string,
  args: readonly string[],
  { isQuiet = false, env = {} }: Settings = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, join(root, script), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...colors(), ...env },
    });
    running.add(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (!isQuiet) process.stdout.write(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (!isQuiet) process.stderr.write(chunk);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      if (ending !== undefined) {
        if (running.size === 0) process.exit(128 + constants.signals[ending]);
        return;
      }
      resolve({ code: code ?? 128 + constants.signals[signal ?? 'SIGKILL'], output });
    });
  });
}

/** Tools see a pipe here, not the terminal: they are told when a person looks on. */
function colors(): Record<string, string> {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? { FORCE_COLOR: '1' } : {};
}
