import type { PoolClient } from 'pg';

/** Statements that are named at most; texts that vary (lists of any length) would otherwise fill the memory of a connection. */
const MOST_NAMES = 300;

const names = new Map<string, string>();
const seenOnce = new Set<string>();
/** When the plans of a connection were last thrown away, ms; a connection that is not in here is new. */
const plannedMs = new WeakMap<PoolClient, number>();

/**
 * A plan is kept this long. It is made for the tables as they are then, and nobody tells a connection that they have grown (the embedded
 * engine never analyses, a server only every minute): a plan for an empty table reads all of a full one.
 */
const PLAN_LIFE_MS = 2_000;

/**
 * Lets a connection parse and plan each statement once instead of every time: a statement that comes a second time gets a name.
 * Halves what a small statement costs on both engines. (A pooler in between must know prepared statements: PgBouncer from 1.21 on.)
 */
export function withNamedStatements(client: PoolClient): PoolClient {
  const known = plannedMs.get(client);
  const nowMs = performance.now();
  if (known !== undefined) {
    if (nowMs - known < PLAN_LIFE_MS) return client;
    plannedMs.set(client, nowMs);
    // It goes ahead of whatever the caller asks next. A connection that is broken tells the caller itself.
    client.query('discard plans').catch(() => undefined);
    return client;
  }
  plannedMs.set(client, nowMs);
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    const [text, values] = args;
    // Without values (begin, commit, scripts) the simple protocol is the shorter way.
    if (args.length !== 2 || typeof text !== 'string' || !Array.isArray(values) || values.length === 0)
      return query(...args);
    const name = nameOf(text);
    return name === undefined ? query(text, values) : query({ name, text, values });
  }) as PoolClient['query'];
  return client;
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMES) return known;
  if (!seenOnce.has(text)) {
    if (seenOnce.size > MOST_NAMES) seenOnce.clear();
    seenOnce.add(text);
    return undefined;
  }
  seenOnce.delete(text);
  const name = `cc${names.size + 1}`;
  names.set(text, name);
  return name;
}
