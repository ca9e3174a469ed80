/** Where a terminal writes what a technician may need, a line each. Never money, PINs or names of guests. */
export type Log = (line: string) => void;

/** Writes nothing. */
export const silentLog: Log = () => {};
