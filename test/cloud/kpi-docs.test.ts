import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kpis } from '#shared/domain/kpi.ts';
import { engines } from '../helpers/engines.ts';
import { createLiveCloud, type LiveCloud } from '../helpers/live-cloud.ts';

const [engine] = engines;
if (engine === undefined) throw new Error('no engine');

const text = readFileSync('docs/kpis.md', 'utf8');
/** The code block of this language in docs/kpis.md, as somebody would copy it. */
function block(language: string): string {
  const code = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (code === undefined) throw new Error(`docs/kpis.md has no ${language}`);
  return code;
}

/** Runs a program until its output contains all of `wanted`, and ends it. Throws when it ends by itself before. */
async function runUntil(
  command: string,
  args: string[],
  env: Record<string, string>,
  wanted: string[],
): Promise<string> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, detached: true });
  let output = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const take = (bytes: Buffer): void => {
        output += bytes.toString();
        if (wanted.every((each) => output.includes(each))) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.on('error', reject);
      child.on('close', () => reject(new Error(`it ended with: ${output}`)));
    });
  } finally {
    // The shell and what it started.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  }
  return output;
}

describe('docs/kpis.md', () => {
  let live: LiveCloud;
  const owner = { EMAIL: 'rosa@example.com', PASSWORD: 'a password of a test' };
  beforeAll(async () => {
    live = await createLiveCloud(engine);
    const answer = await fetch(`${live.url}/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        token: 'set-up-token-of-a-test',
        organisation: { name: 'Mama Rosa', currency: 'UGX' },
        branch: { name: 'Main', zone: 'UTC', dayStartHour: 4, stations: [{ id: 'grill', name: 'Grill' }] },
        owner: { name: 'Rosa', email: owner.EMAIL, password: owner.PASSWORD, pin: '918273' },
      }),
    });
    expect(answer.status).toBe(201);
  });
  afterAll(() => live.close());

  it('has lines for a shell that work', async () => {
    const output = await runUntil('sh', ['-c', block('sh')], { CLOUD: live.url, ...owner }, ['event: status', '\n\n']);
    const data = /^data: (\{"salesToday".*\})$/m.exec(output)?.[1] ?? '';
    expect(Kpis.parse(JSON.parse(data)).salesToday).toBe(0);
  });

  it('has an example for Node that works', async () => {
    const login = await fetch(`${live.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: owner.EMAIL, password: owner.PASSWORD }),
    });
    const { accessToken } = (await login.json()) as { accessToken: string };
    const folder = mkdtempSync(join('node_modules', '.cache', 'kpi-docs-'));
    try {
      const file = join(folder, 'example.mjs');
      writeFileSync(file, block('js'));
      const output = await runUntil(process.execPath, [file], { CLOUD: live.url, TOKEN: accessToken }, [
        'figures',
        'complete true',
      ]);
      expect(output).toContain('salesToday: 0');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names every figure', () => {
    for (const field of Object.keys(Kpis.shape)) expect(text).toContain(`\`${field}\``);
  });
});
