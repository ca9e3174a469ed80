import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { SimCrash } from './sim-types.ts';

/** The process of a terminal, as its statements know it. */
export interface SqliteProcess {
  isAlive: boolean;
  /** Its open files. */
  readonly files: Set<Database.Database>;
  /** Called around each statement. A throw is what the statement does. */
  around(sql: string, db: Database.Database, run: () => unknown): unknown;
}

const byFolder = new Map<string, SqliteProcess>();
const byFile = new WeakMap<Database.Database, SqliteProcess | null>();
let isInstalled = false;

/** Statements on files in this folder belong to `process` from now on; undefined: nobody's. */
export function ownFolder(folder: string, process: SqliteProcess | undefined): void {
  install();
  if (process === undefined) byFolder.delete(folder);
  else byFolder.set(folder, process);
}

function processOf(db: Database.Database): SqliteProcess | undefined {
  let found = byFile.get(db);
  if (found === undefined) {
    found = byFolder.get(dirname(db.name)) ?? null;
    byFile.set(db, found);
    found?.files.add(db);
  }
  return found ?? undefined;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Test code wraps the driver, so that the product needs no door for its own death. */
function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  const scratch = new Database(':memory:');
  const statement = Object.getPrototypeOf(scratch.prepare('SELECT 1')) as Record<string, Method>;
  scratch.close();
  const wrap = (prototype: Record<string, Method>, name: string, textOf: (self: never, args: unknown[]) => string) => {
    const original = prototype[name];
    if (original === undefined) throw new Error(`better-sqlite3 has no ${name}`);
    prototype[name] = function (this: unknown, ...args: unknown[]): unknown {
      const db = (this as { database?: Database.Database }).database ?? (this as Database.Database);
      const process = processOf(db);
      if (process === undefined) return Reflect.apply(original, this, args);
      const sql = textOf(this as never, args);
      if (!process.isAlive) throw new SimCrash(sql);
      return process.around(sql, db, () => Reflect.apply(original, this, args));
    };
  };
  for (const name of ['run', 'get', 'all', 'iterate']) wrap(statement, name, (self: { source: string }) => self.source);
  const database = Database.prototype as unknown as Record<string, Method>;
  for (const name of ['exec', 'pragma', 'prepare']) wrap(database, name, (_self, [sql]) => `${name} ${String(sql)}`);
}
