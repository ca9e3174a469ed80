import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '#shared/kernel/errors.ts';

export interface AuditOptions {
  databaseUrl: string | undefined;
  dataDir: string | undefined;
  terminals: string[];
  orgId: string | undefined;
}

export const HELP = `npm run audit -- verify [options]

Verifies the audit log: walks every chain from its first line, holds command log and tables against it, and both against what terminals
kept of the cloud's signed heads and of their own commands. Changes nothing.

  --database URL    the cloud's PostgreSQL (default: DATABASE_URL), as a role that may read every row (the owner of the tables)
  --data DIR        the cloud's data folder: its embedded database (the cloud must be stopped), and its key file
  --terminal DIR    a terminal's data folder, or a copy of it; may be given more than once. Without one, a tail that was cut or a chain
                    that was built anew with everything that hangs on it cannot be found
  --org ID          this organisation only
  --help            this text

The cloud's key comes from CHEFCLOUD_SECRET or the key file in --data, else from the terminals.

Ends with 0 when nothing was changed (a cloud that was put back to a backup and says so is a note), with 1 when something was, with 2 when
it cannot be verified.`;

const options = {
  database: { type: 'string' },
  data: { type: 'string' },
  terminal: { type: 'string', multiple: true },
  org: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Reads the command line; paths are taken from `folder`. Throws `input/invalid` with a sentence that names the option. */
export function parseArguments(
  args: readonly string[],
  folder: string,
  env: { DATABASE_URL?: string | undefined },
): AuditOptions | 'help' {
  const { values, positionals } = read(args);
  if (values.help === true) return 'help';
  if (positionals.join(' ') !== 'verify') throw usage('what to do is missing: verify');
  const dataDir = values.data === undefined ? undefined : resolve(folder, values.data);
  const databaseUrl = values.database ?? (dataDir === undefined ? env.DATABASE_URL : undefined);
  if (databaseUrl === undefined && dataDir === undefined) throw usage('--database or --data is missing');
  return {
    databaseUrl,
    dataDir,
    terminals: (values.terminal ?? []).map((path) => resolve(folder, path)),
    orgId: values.org,
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    throw usage(message.replace(/\.$/, ''));
  }
}

function usage(what: string): AppError {
  return new AppError('input/invalid', `${what}. See npm run audit -- --help.`);
}
