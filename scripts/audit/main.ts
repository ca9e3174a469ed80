// `npm run audit -- verify`: see arguments.ts.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#shared/kernel/errors.ts';
import { createSecrets, KEY_FILE } from '../../src-cloud/services/secrets.ts';
import { openDatabase } from '../../src-cloud/store/database.ts';
import { type AuditOptions, HELP, parseArguments } from './arguments.ts';
import type { Findings } from './findings.ts';
import { openTerminalFile } from './terminal-check.ts';
import { verifyAudit } from './verify-audit.ts';

const GOOD = 0;
const CHANGED = 1;
const UNUSABLE = 2;

/** npm changes to the project's folder; paths are meant from where the user stands. */
function folderOfUser(): string {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === 'audit' && folder !== undefined ? folder : process.cwd();
}

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2), folderOfUser(), process.env);
  if (options === 'help') {
    process.stdout.write(`${HELP}\n`);
    return GOOD;
  }
  if (options.databaseUrl === undefined && !existsSync(join(options.dataDir ?? '', 'db')))
    throw new AppError('file/missing', `--data ${options.dataDir}: there is no database in it.`);
  const terminals = options.terminals.map(openTerminalFile);
  const database = await openDatabase({
    databaseUrl: options.databaseUrl,
    dataDir: options.databaseUrl === undefined ? options.dataDir : undefined,
  });
  try {
    const findings = await verifyAudit(database, { terminals, orgId: options.orgId, publicKey: publicKeyOf(options) });
    print(findings, terminals.length);
    return findings.problems.length === 0 ? GOOD : CHANGED;
  } finally {
    await database.close();
    for (const terminal of terminals) terminal.close();
  }
}

function publicKeyOf({ dataDir }: AuditOptions): string | undefined {
  const file = dataDir === undefined ? undefined : join(dataDir, KEY_FILE);
  const secret =
    process.env['CHEFCLOUD_SECRET'] ??
    (file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
  return secret === undefined ? undefined : createSecrets(secret).auditKey.publicKey;
}

function print(findings: Findings, terminals: number): void {
  const { problems, notes, lines, commands, heads, entries } = findings;
  for (const note of notes) process.stdout.write(`note: ${note}\n`);
  for (const problem of problems) process.stdout.write(`CHANGED: ${problem}\n`);
  const kept =
    terminals === 0
      ? 'no terminal was asked'
      : `${heads} signed heads and ${entries} entries of ${terminals} terminals`;
  const looked = `${lines} lines, ${commands} commands, ${kept}`;
  process.stdout.write(
    problems.length === 0 ? `Nothing was changed: ${looked}.\n` : `${problems.length} signs of a change: ${looked}.\n`,
  );
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof AppError ? error.message : String(error)}\n`);
    process.exit(UNUSABLE);
  },
);
