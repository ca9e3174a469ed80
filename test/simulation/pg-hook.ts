import pg from 'pg';

/** The process of a cloud, as its statements know it. */
export interface PgProcess {
  isAlive: boolean;
  begin(): void;
  end(): void;
  /** Called before each statement; false: the process has died, it is never sent. */
  before(sql: string): boolean;
  /** Called when the engine has answered; false: nobody hears it. */
  after(sql: string): boolean;
}

const byClient = new WeakMap<object, PgProcess>();
let current: PgProcess | undefined;
let isInstalled = false;

/** Connections that are made from now on belong to `process`. */
export function ownConnections(process: PgProcess): void {
  install();
  current = process;
}

type Query = (this: object, ...args: unknown[]) => Promise<unknown>;

function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;
  prototype.query = function (this: object, ...args: unknown[]): Promise<unknown> {
    let owner = byClient.get(this);
    if (owner === undefined && current !== undefined) byClient.set(this, (owner = current));
    if (owner === undefined || typeof args.at(-1) === 'function') return Reflect.apply(original, this, args);
    return through(owner, textOf(args[0]), () => Reflect.apply(original, this, args));
  };
}

const never = (): Promise<never> => new Promise(() => undefined);

async function through(owner: PgProcess, sql: string, run: () => Promise<unknown>): Promise<unknown> {
  if (!owner.isAlive || !owner.before(sql)) return never();
  owner.begin();
  try {
    const result = await run();
    if (!owner.isAlive || !owner.after(sql)) return never();
    return result;
  } finally {
    owner.end();
  }
}

function textOf(first: unknown): string {
  if (typeof first === 'string') return first;
  return typeof first === 'object' && first !== null && 'text' in first ? String(first.text) : '';
}
