import type { PGlite } from '@electric-sql/pglite';
import { endSession } from './sim-cloud.ts';

/** Copies of the whole cloud database inside the same engine: taking one and putting it back costs milliseconds. */
export class CloudCopies {
  readonly #lite: PGlite;
  readonly #tables: readonly string[];
  #serial = 0;

  private constructor(lite: PGlite, tables: readonly string[]) {
    this.#lite = lite;
    this.#tables = tables;
  }

  static async of(lite: PGlite): Promise<CloudCopies> {
    const { rows } = await lite.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migration' order by 1`,
    );
    return new CloudCopies(
      lite,
      rows.map((row) => row.name),
    );
  }

  /** Takes a copy; its name. */
  async take(): Promise<string> {
    this.#serial += 1;
    const name = `copy_${this.#serial}`;
    const copies = this.#tables.map((table) => `create table ${name}.${table} as table public.${table}`);
    await this.#lite.exec(`create schema ${name}; ${copies.join('; ')}`);
    return name;
  }

  /** Puts a copy in the place of everything. Only while no cloud runs. */
  async putBack(name: string): Promise<void> {
    const inserts = this.#tables.map((table) => `insert into public.${table} select * from ${name}.${table}`);
    const all = this.#tables.map((table) => `public.${table}`).join(', ');
    await endSession(this.#lite);
    // Past triggers that guard what may only grow.
    await this.#lite.exec('set session_replication_role = replica');
    await this.#lite.exec(`truncate ${all} restart identity; ${inserts.join('; ')}`);
    await this.#lite.exec('set session_replication_role = default');
  }

  async drop(name: string): Promise<void> {
    await this.#lite.exec(`drop schema ${name} cascade`);
  }
}
