/**
 * Every error code of ChefCloud is born here, with the HTTP status it travels as and a sentence for people that
 * says what to do. A code is API: it is never reused for another meaning. docs/errors.md lists the same codes.
 */
export const ERRORS = {
  internal: { status: 500, text: 'Something went wrong on our side. Nothing was lost; try again.' },
  'input/invalid': { status: 422, text: 'Something in what was sent does not fit. Check the named field.' },
  'input/too-large': { status: 413, text: 'This is larger than 1 MiB. Send it in smaller parts.' },
  'route/unknown': { status: 404, text: 'There is nothing at this address.' },
  'rate/limited': { status: 429, text: 'Too many tries. Wait a moment, then try again.' },
  'server/busy': { status: 503, text: 'The cloud is busy. What you did is safe and is tried again by itself.' },
  'money/invalid': { status: 422, text: 'This is not an amount.' },
  'currency/wrong': { status: 422, text: 'This currency is not the one of the organisation.' },

  'auth/missing': { status: 401, text: 'Sign in first.' },
  'auth/expired': { status: 401, text: 'The sign-in has run out. Sign in again.' },
  'auth/wrong': { status: 401, text: 'E-mail or password is wrong.' },
  'auth/forbidden': { status: 403, text: 'This needs a higher level. Ask a supervisor or a manager.' },
  'auth/other-branch': { status: 403, text: 'This branch is not one of yours.' },
  'auth/csrf': { status: 403, text: 'This request did not come from ChefCloud itself.' },
  'auth/pin-needed': { status: 403, text: 'This needs a PIN: somebody with the right types it for this one thing.' },
  'auth/wrong-pin': { status: 401, text: 'This PIN is wrong.' },
  'auth/locked': { status: 423, text: 'Too many wrong PINs. Wait, or ask a supervisor.' },
  'auth/token-reused': { status: 401, text: 'This sign-in was used twice. Sign in again.' },

  'device/unknown': { status: 401, text: 'This terminal is not enrolled here. Enrol it with a code.' },
  'device/revoked': { status: 403, text: 'This terminal was switched off by a manager.' },
  'device/clock-off': { status: 409, text: 'The clock of this terminal is wrong. Set it: receipts carry its time.' },
  'device/no-stream': {
    status: 504,
    text: 'What the cloud says of its own does not arrive here. The terminal asks it every few seconds instead.',
  },
  'device/bad-code': { status: 422, text: 'This enrolment code is wrong, used or too old. Ask for a new one.' },
  'setup/closed': { status: 403, text: 'New restaurants cannot be set up here without the set-up token.' },

  'idempotency/mismatch': { status: 409, text: 'This key was already used for something else.' },
  'idempotency/in-progress': { status: 409, text: 'The first try is still running. Wait, then ask again.' },

  'command/unknown': { status: 409, text: 'This version of ChefCloud does not know the command yet. It waits.' },
  'command/not-found': { status: 404, text: 'There is nothing with this id.' },
  'anomaly/not-found': { status: 404, text: 'This task is not known.' },
  'refusal/decided': { status: 409, text: 'Somebody has decided this already.' },
  'order/not-found': { status: 404, text: 'This order is not known.' },
  'order/exists': { status: 409, text: 'An order with this id exists already.' },
  'order/closed': { status: 409, text: 'This order is closed already. Start a new one.' },
  'order/has-payments': { status: 409, text: 'This order has payments. Reverse or refund them first.' },
  'order/line-exists': { status: 409, text: 'A line with this id is on the order already.' },
  'order/line-not-found': { status: 404, text: 'This line is not on the order any more.' },
  'order/line-sent': { status: 409, text: 'The kitchen has this line already. A supervisor can void it.' },
  'order/line-not-sent': { status: 409, text: 'This line was never sent. Remove it instead of voiding it.' },
  'payment/not-found': { status: 404, text: 'This payment is not known.' },
  'payment/refund-too-high': { status: 422, text: 'This is more than was paid and not yet refunded.' },
  'ticket/not-found': { status: 404, text: 'This ticket is not known.' },
  'ticket/wrong-state': { status: 409, text: 'The ticket is not in a state that allows this.' },
  'session/not-found': { status: 404, text: 'Nobody is seated at this table.' },
  'session/exists': { status: 409, text: 'This seating is known already.' },
  'shift/not-found': { status: 404, text: 'This shift is not known.' },
  'shift/exists': { status: 409, text: 'This shift is open already.' },
  'shift/closed': { status: 409, text: 'This shift is closed already.' },
  'shift/not-own': { status: 403, text: 'This is the shift of somebody else. A supervisor can do it.' },
  'stock/not-found': { status: 404, text: 'This stock item is not known.' },
  'staff/not-found': { status: 404, text: 'This person is not known.' },
  'staff/level-too-high': { status: 403, text: 'Only an owner may give or change level 4 and 5.' },

  'sync/gap': { status: 409, text: 'Earlier entries are missing. They are sent first.' },
  'sync/forked': { status: 409, text: 'This terminal was restored from a backup. It goes on under a new series.' },
  'sync/quarantined': {
    status: 409,
    text: 'This terminal was switched off. The cloud keeps what it sends; a manager decides about it.',
  },

  'store/newer': { status: 500, text: 'This data was written by a newer version of ChefCloud. Install that version.' },
  'store/in-use': { status: 409, text: 'ChefCloud is already running on this data folder.' },
  'store/not-writable': { status: 500, text: 'The data folder cannot be written. Check its rights and the disk.' },
  'store/full': { status: 507, text: 'The disk is full. Nothing was lost; make room, then do it again.' },
  'store/damaged': { status: 500, text: 'The data file is damaged.' },
  'port/taken': { status: 500, text: 'This port is in use by another program. Choose another with --port.' },
  'ipc/untrusted-sender': { status: 403, text: 'This call did not come from ChefCloud itself.' },
  'file/missing': { status: 422, text: 'The file cannot be read.' },
  'file/malformed': { status: 422, text: 'The file is not of the expected form.' },
} as const satisfies Record<string, { status: number; text: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** What crosses a border: HTTP bodies, IPC answers, outcomes. `path` names the field that does not fit. */
export interface WireError {
  code: ErrorCode;
  message: string;
  path?: string;
}

/** The one error class that crosses borders. The code is API, the message is for people. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly path: string | undefined;
  /** Milliseconds after which another try makes sense, where that is known. */
  readonly retryAfterMs: number | undefined;
  constructor(
    code: ErrorCode,
    message: string = ERRORS[code].text,
    more: { path?: string; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.name = 'AppError';
    this.code = code;
    this.path = more.path;
    this.retryAfterMs = more.retryAfterMs;
  }
  get status(): number {
    return ERRORS[this.code].status;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value);
}

/** An unknown error leaks nothing: it becomes `internal`. */
export function toWireError(error: unknown): WireError {
  if (!(error instanceof AppError)) return { code: 'internal', message: ERRORS.internal.text };
  return { code: error.code, message: error.message, ...(error.path === undefined ? {} : { path: error.path }) };
}

/** Turns zod's issues into one `input/invalid` that names the first field and all messages. */
export function invalidInput(issues: readonly { path: readonly PropertyKey[]; message: string }[]): AppError {
  const path = issues[0]?.path.map(String).join('.') ?? '';
  const text = issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`).join('; ');
  return new AppError('input/invalid', text, { path });
}
