import type { LiveRow } from '#shared/contract/bridge.ts';

/**
 * Keeps a row from going back: a call's answer and the events come on two ways and may overtake each other. Of two
 * bodies of one row the one with the higher revision wins; without revisions, the later arrival.
 */
export class RowGate {
  readonly #seen = new Map<string, number>();

  /** The rows of `rows` that are not older than what was let through before. */
  pass(rows: readonly LiveRow[], revision: number | undefined): LiveRow[] {
    if (revision === undefined) return [...rows];
    return rows.filter(({ kind, id }) => {
      const key = `${kind}/${id}`;
      if ((this.#seen.get(key) ?? -1) > revision) return false;
      this.#seen.set(key, revision);
      return true;
    });
  }

  /** A fresh snapshot: revisions start anew, the terminal may have been restarted. */
  reset(): void {
    this.#seen.clear();
  }
}
