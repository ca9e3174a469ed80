import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';
import { findPostgresBinaries, type PostgresServer, startPostgres } from './helpers/postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A tar of an empty PGlite database. */
    pgliteTemplate: string;
    /** The superuser's address of a real PostgreSQL; empty when this machine has none. */
    postgresUrl: string;
  }
}

let server: PostgresServer | undefined;

/**
 * Makes both database engines ready, once for all projects: a PGlite template (initdb in WASM takes seconds) and a real
 * PostgreSQL from the machine's binaries. Without them the tests of that engine do not run, and with CI=true that is red.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  project.provide('pgliteTemplate', await pgliteTemplate());
  if (server !== undefined) {
    project.provide('postgresUrl', server.url);
    return undefined;
  }
  const binaries = findPostgresBinaries();
  if (binaries === undefined) {
    const words = 'not run: no PostgreSQL on this machine (initdb and postgres); the tests on it are left out';
    if (process.env['CI'] === 'true')
      throw new Error(`${words}. With CI=true that is an error: install PostgreSQL 15.`);
    console.error(`\n*** ${words} ***\n`);
    project.provide('postgresUrl', '');
    return undefined;
  }
  const started = await startPostgres(binaries);
  server = started;
  project.provide('postgresUrl', started.url);
  return async () => {
    server = undefined;
    await started.stop();
  };
}

async function pgliteTemplate(): Promise<string> {
  const { version } = JSON.parse(readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8')) as {
    version: string;
  };
  const folder = 'node_modules/.cache/chefcloud';
  const file = join(folder, `pglite-${createHash('sha256').update(version).digest('hex').slice(0, 12)}.tar`);
  if (existsSync(file)) return file;
  const lite = await PGlite.create();
  const dump = await lite.dumpDataDir('none');
  await lite.close();
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, Buffer.from(await dump.arrayBuffer()));
  renameSync(unfinished, file);
  return file;
}
