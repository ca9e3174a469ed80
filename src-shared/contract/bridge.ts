import { z } from 'zod';
import { Anomaly } from '../domain/anomaly.ts';
import { Branch, Organisation } from '../domain/branch.ts';
import { Kind } from '../domain/entity.ts';
import { Kpis } from '../domain/kpi.ts';
import { Level } from '../domain/level.ts';
import { Pin } from '../domain/staff.ts';
import { isErrorCode, type ErrorCode, type WireError } from '../kernel/errors.ts';
import { DeviceId, IsoAt, StaffId } from '../kernel/ids.ts';
import { Minor } from '../kernel/money.ts';
import type { CallName, EventName } from './bridge-names.ts';
import { TerminalSeen } from './cloud-wire.ts';

/** A row as screens get it: the terminal's view. A missing body: it is gone. Never a `pin`. */
export const LiveRow = z.object({ kind: Kind, id: z.string(), body: z.record(z.string(), z.unknown()).nullable() });
export type LiveRow = z.infer<typeof LiveRow>;

/**
 * Grows with every commit of the terminal since it started. Answers and events come on two ways and may overtake each
 * other: of two bodies of one row the one with the higher revision is the newer. A snapshot starts anew.
 */
const Revision = z.int().nonnegative();

/** A person as the sign-in screen shows them. */
export const SignInFace = z.object({
  id: StaffId,
  name: z.string(),
  level: Level,
  lockedUntilAt: IsoAt.nullable(),
  hasPin: z.boolean(),
});
export type SignInFace = z.infer<typeof SignInFace>;

export const SessionInfo = z.object({ staffId: StaffId, name: z.string(), level: Level });
export type SessionInfo = z.infer<typeof SessionInfo>;

export const TerminalInfo = z.object({
  organisation: Organisation,
  branch: Branch,
  deviceId: DeviceId,
  deviceName: z.string(),
  deviceCode: z.string(),
  /** `electron` or `hub`: where the app runs. */
  host: z.enum(['electron', 'hub']),
  version: z.string(),
  staff: z.array(SignInFace),
  session: SessionInfo.nullable(),
});
export type TerminalInfo = z.infer<typeof TerminalInfo>;

/**
 * What holds the queue up although it should move. `refused`: the cloud does not let this terminal in; `upgrade`: one of
 * the two is too old; `busy`: the cloud asks to wait; `failing`: it answers, but not with what was asked for; `disk`: this
 * terminal cannot write (full, or taken away).
 */
export const HoldCause = z.enum(['refused', 'upgrade', 'busy', 'failing', 'disk']);
export type HoldCause = z.infer<typeof HoldCause>;

/**
 * What people should know about the safety of this terminal's data; none of it stops anybody from selling. `restored`: the
 * database was damaged or old and was put back; `damaged`: the disk damages it again and again; `mirror`, `backup`, `second-drive`: a safety copy
 * cannot be written; `cloud-lacks`: the cloud was put back from a backup and lacks what other terminals had sent and this one still has.
 */
export const DataWarning = z.object({
  code: z.enum(['restored', 'damaged', 'mirror', 'backup', 'second-drive', 'cloud-lacks']),
  text: z.string(),
  at: IsoAt,
});
export type DataWarning = z.infer<typeof DataWarning>;

/** The truth about what is saved where. The pill is made from it, and from nothing else. */
export const SyncStatus = z.object({
  link: z.enum(['online', 'offline']),
  /** Since when the cloud has not answered; null while it does. */
  offlineSinceAt: IsoAt.nullable(),
  /** The last time the cloud answered anything. */
  lastContactAt: IsoAt.nullable(),
  waiting: z.int().nonnegative(),
  oldestWaitingAt: IsoAt.nullable(),
  refused: z.int().nonnegative(),
  /** Why the queue does not move although the cloud answers, in words for people. */
  trouble: z.string().nullable(),
  /** What `trouble` is about, and since when; present whenever something is held up. */
  hold: z.object({ cause: HoldCause, sinceAt: IsoAt }).optional(),
  /** This terminal's clock less the cloud's, where that is known. */
  clockOffsetMs: z.int().optional(),
  /** What a person of this branch has to look at: flags of orders and money. Refusals are counted apart. */
  tasks: z.int().nonnegative().optional(),
  /** Undecided refusals of the whole branch; `refused` are those of this terminal. */
  refusedInBranch: z.int().nonnegative().optional(),
  /** What threatens, or has happened to, this terminal's own data; missing when nothing does. */
  warnings: z.array(DataWarning).optional(),
});
export type SyncStatus = z.infer<typeof SyncStatus>;

/**
 * The branch's figures. `cloud`: live from the cloud. `terminal`: this terminal's own, since `asOf` of the last word
 * from the cloud is older; other terminals are not in them.
 */
export const KpiView = z.object({
  source: z.enum(['cloud', 'terminal']),
  asOf: IsoAt,
  kpis: Kpis,
  isComplete: z.boolean(),
  missing: z.array(z.object({ name: z.string(), lastHeardAt: IsoAt.nullable() })),
  oldestUnsyncedAt: IsoAt.nullable(),
});
export type KpiView = z.infer<typeof KpiView>;

/** Everything a screen starts from. Rows: the menu, tables, staff, what is open, and today's closed orders and flags. */
export const LiveSnapshot = z.object({
  rows: z.array(LiveRow),
  status: SyncStatus,
  kpis: KpiView.nullable(),
  revision: Revision.optional(),
});
export type LiveSnapshot = z.infer<typeof LiveSnapshot>;

/** A command as a screen gives it: the terminal adds id, time, business day, and what only it knows (receipt number, shift). */
export const CommandCall = z.object({ name: z.string().max(60), input: z.record(z.string(), z.unknown()) });
export type CommandCall = z.infer<typeof CommandCall>;

export const CommandResult = z.object({
  commandId: z.string(),
  /** What was flagged for a look. */
  flags: z.array(z.string()),
});

export const OutboxItem = z.object({
  id: z.string(),
  seq: z.int(),
  endpoint: z.string(),
  name: z.string(),
  status: z.enum(['PENDING', 'REPLAYING', 'SUCCESS', 'FAILED']),
  attempts: z.int(),
  createdAt: IsoAt,
  lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
  flags: z.array(z.string()),
  actorId: z.string().optional(),
  /** The number of the order it is about, where this terminal knows it. */
  orderNumber: z.string().optional(),
});
export type OutboxItem = z.infer<typeof OutboxItem>;

/** A command that the cloud refused and nobody has decided about yet; of this terminal, or of another of the branch. */
export const Refusal = z.object({
  commandId: z.string(),
  deviceId: DeviceId,
  isOwn: z.boolean(),
  name: z.string(),
  /** Why, in words for people. `path`: the field that did not fit. */
  error: z.object({ code: z.string(), message: z.string(), path: z.string().optional() }),
  at: IsoAt,
  actorId: z.string(),
  /** The order it was about; number and table are empty where they are not known here. */
  order: z.object({ id: z.string(), number: z.string(), tableName: z.string() }).nullable(),
  /** What else it was about: a kitchen ticket's label, the name of an item, a person, a table. */
  subject: z.string().optional(),
  /** Null where it is secret or unknown here: it can be discarded, not tried again. */
  input: z.record(z.string(), z.unknown()).nullable(),
});
export type Refusal = z.infer<typeof Refusal>;

/** The terminals of the branch as the cloud last spoke of them. `asOf` null: it never has. */
export const TerminalsView = z.object({
  asOf: IsoAt.nullable(),
  /** False when the cloud is silent: then it is the last that was known. */
  isLive: z.boolean(),
  terminals: z.array(TerminalSeen),
});
export type TerminalsView = z.infer<typeof TerminalsView>;

/** What a switched-off terminal has sent since: kept by the cloud, not run. */
export const HeldTerminal = z.object({
  deviceId: DeviceId,
  count: z.int().positive(),
  lastAt: IsoAt,
  /** The newest of them. */
  entries: z.array(z.object({ name: z.string(), at: z.string(), actorId: z.string() })),
});
export type HeldTerminal = z.infer<typeof HeldTerminal>;

export const PATH_STEPS = ['store', 'network', 'signIn', 'push', 'database', 'stream', 'clock'] as const;
/** How far "test the whole path" is. A step that could not be tried is `skipped`: the path ends before it. */
export const PathReport = z.object({
  steps: z.array(
    z.object({
      step: z.enum(PATH_STEPS),
      state: z.enum(['waiting', 'running', 'ok', 'failed', 'skipped']),
      ms: z.number().nonnegative().nullable(),
      /** Of a failed step: what the other side, or the disk, said. */
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
  isDone: z.boolean(),
  totalMs: z.number().nonnegative(),
  /** What the last step measured. */
  clockOffsetMs: z.int().nullable(),
});
export type PathReport = z.infer<typeof PathReport>;

const nothing = z.object({});

/**
 * The one contract of both bridges (IPC in Electron, HTTP on the hub). `needs`: the least level; `anybody` may call
 * before signing in. A call without `needs` does not compile.
 */
export const bridgeCalls = {
  'terminal:info': { needs: 'anybody', input: nothing, output: TerminalInfo },
  'session:signIn': {
    needs: 'anybody',
    input: z.object({ staffId: StaffId, pin: z.string().max(12) }),
    output: SessionInfo,
  },
  'session:lock': { needs: 'anybody', input: nothing, output: nothing },
  'live:snapshot': { needs: 'L1', input: nothing, output: LiveSnapshot },
  /** All of them in one transaction, or none. `approval`: somebody with the right types their PIN for this one call. */
  'command:run': {
    needs: 'L1',
    input: z.object({
      commands: z.array(CommandCall).min(1).max(50),
      approval: z.object({ staffId: StaffId, pin: z.string().max(12) }).optional(),
    }),
    output: z.object({ results: z.array(CommandResult), rows: z.array(LiveRow), revision: Revision.optional() }),
  },
  /** What the drawer of the open shift of this terminal should hold. L3: a count is blind for the one who counts. */
  'shift:drawer': { needs: 'L3', input: z.object({ shiftId: z.string() }), output: z.object({ expectedMinor: Minor }) },
  'outbox:list': {
    needs: 'L2',
    input: z.object({ filter: z.enum(['waiting', 'recent']), limit: z.int().min(1).max(500) }),
    output: z.object({ items: z.array(OutboxItem), total: z.int() }),
  },
  /** The terminal hashes the PIN; it never leaves the machine, nor is it stored. */
  'staff:setPin': { needs: 'L4', input: z.object({ staffId: StaffId, pin: Pin }), output: nothing },
  /** Lets somebody who typed five wrong PINs try again at once. */
  'staff:liftLock': { needs: 'L3', input: z.object({ staffId: StaffId }), output: nothing },
  'sync:now': { needs: 'L1', input: nothing, output: nothing },
  'sync:terminals': { needs: 'L2', input: nothing, output: TerminalsView },
  /** Goes the whole way once, for real; `sync:path` tells the screen that asked how far it is. */
  'sync:testPath': { needs: 'L2', input: nothing, output: PathReport },
  'refusals:list': {
    needs: 'L2',
    input: z.object({ limit: z.int().min(1).max(500) }),
    output: z.object({ items: z.array(Refusal), total: z.int() }),
  },
  /** Asks the cloud; `isKnown` is false when it does not answer. */
  'quarantine:list': {
    needs: 'L4',
    input: nothing,
    output: z.object({ terminals: z.array(HeldTerminal), isKnown: z.boolean() }),
  },
  /** `accept` runs them all, each flagged; `leave` keeps them as they are. Takes the PIN of a manager. */
  'quarantine:decide': {
    needs: 'L4',
    input: z.object({
      deviceId: DeviceId,
      decision: z.enum(['accept', 'leave']),
      approval: z.object({ staffId: StaffId, pin: z.string().max(12) }),
    }),
    output: z.object({ accepted: z.int(), refused: z.int() }),
  },
  /** Tasks that somebody has seen to, the latest first; refusals that were decided among them. */
  'tasks:history': {
    needs: 'L3',
    input: z.object({ limit: z.int().min(1).max(500) }),
    output: z.object({ tasks: z.array(Anomaly) }),
  },
} as const satisfies Record<CallName, { needs: Level | 'anybody'; input: z.ZodType; output: z.ZodType }>;

export type CallInput<N extends CallName> = z.input<(typeof bridgeCalls)[N]['input']>;
export type CallParsed<N extends CallName> = z.output<(typeof bridgeCalls)[N]['input']>;
export type CallOutput<N extends CallName> = z.output<(typeof bridgeCalls)[N]['output']>;

export const bridgeEvents = {
  'live:rows': z.object({ rows: z.array(LiveRow), revision: Revision.optional() }),
  'live:status': SyncStatus,
  /** Only to sessions of L4 and above. */
  'live:kpis': KpiView,
  'session:changed': z.object({ session: SessionInfo.nullable() }),
  'sync:path': PathReport,
} as const satisfies Record<EventName, z.ZodType>;
export type EventPayload<N extends EventName> = z.output<(typeof bridgeEvents)[N]>;

/** A call's answer as it crosses the bridge: errors are data. */
export type BridgeAnswer<N extends CallName> = { ok: true; value: CallOutput<N> } | { ok: false; error: WireError };

/** What the screens hold, whatever lies behind it: Electron's IPC, or the hub's HTTP. */
export interface Bridge {
  /** Rejects with AppError. */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Returns the function that ends the subscription. */
  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void;
}

/** What the preload exposes as `window.chefcloud`. */
export interface PreloadApi {
  call(name: CallName, input: unknown): Promise<unknown>;
  on(name: EventName, listener: (payload: unknown) => void): () => void;
}

/** The hub's addresses: `POST /bridge/<call>` and the events as SSE. */
export const HUB_CALL_PREFIX = '/bridge/';
export const HUB_EVENTS_PATH = '/bridge-events';
/** A header that no foreign page can send without the hub's consent. */
export const HUB_CSRF_HEADER = 'x-chefcloud-screen';

/** Reads an error that crossed a border. */
export function readWireError(value: unknown): { code: ErrorCode; message: string } {
  const parsed = z.object({ code: z.string(), message: z.string() }).safeParse(value);
  if (!parsed.success) return { code: 'internal', message: 'The answer could not be read.' };
  return { code: isErrorCode(parsed.data.code) ? parsed.data.code : 'internal', message: parsed.data.message };
}
