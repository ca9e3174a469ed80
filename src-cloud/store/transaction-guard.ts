import { AsyncLocalStorage } from 'node:async_hooks';

interface Scope {
  isOpen: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Runs `fn` marked as being inside a transaction; `refuseInsideTransaction` throws meanwhile. On PGlite, which has one session, the root
 * handle used inside a transaction would wait for itself for ever; on PostgreSQL it would read outside the transaction. Timers that `fn`
 * leaves behind are free again once it has ended.
 */
export async function insideTransaction<T>(fn: () => Promise<T>): Promise<T> {
  const scope: Scope = { isOpen: true };
  try {
    return await scopes.run(scope, fn);
  } finally {
    scope.isOpen = false;
  }
}

/** Throws when the caller is inside a transaction and should have used its `tx`. */
export function refuseInsideTransaction(): void {
  if (scopes.getStore()?.isOpen === true) {
    throw new Error('The database handle was used inside a transaction: pass the tx on instead.');
  }
}
