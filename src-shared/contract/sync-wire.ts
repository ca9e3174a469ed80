import { z } from 'zod';
import { Kind } from '../domain/entity.ts';
import { FlagCode } from '../domain/anomaly.ts';
import { isErrorCode, type ErrorCode } from '../kernel/errors.ts';
import { DeviceId, IsoAt } from '../kernel/ids.ts';
import { CursorText, Visible } from '../sync/cursor.ts';
import { MAX_PUSH_ENTRIES } from './protocol.ts';

/** The random series that a terminal's `seq` belongs to; a restored terminal starts a new one. */
export const Incarnation = z.string().regex(/^[0-9a-z]{8,32}$/);

/** An outbox entry as it is sent (SPEC D1). `body` is the exact text that was stored: an Envelope as JSON. */
export const PushEntry = z.object({
  seq: z.int().positive(),
  lamport: z.int().nonnegative(),
  id: z.string(),
  endpoint: z.string(),
  method: z.string(),
  idempotencyKey: z.string(),
  createdAt: IsoAt,
  body: z.string(),
});
export type PushEntry = z.infer<typeof PushEntry>;

/** SHA-256, base64url. */
const Hash = z.string().regex(/^[\w-]{43}$/);

/** A rolling hash over the exact bodies of a series, up to `seq`: a text that was changed later shows, on either side. */
export const OutboxHead = z.object({ seq: z.int().positive(), hash: Hash });
export type OutboxHead = z.infer<typeof OutboxHead>;

/**
 * Where an audit chain of the cloud ended at a moment, signed with the cloud's key. Terminals keep them, so that a chain that was cut or built
 * anew shows. `key`: the Ed25519 public key (JWK `x`). `scope`: `org` or the branch's id.
 */
export const SignedHead = z.object({
  scope: z.string().max(96),
  n: z.int().positive(),
  hash: Hash,
  at: IsoAt,
  key: z.string().max(64),
  signature: z.string().max(100),
});
export type SignedHead = z.infer<typeof SignedHead>;

/** `POST /sync/audit-heads`: heads that a terminal kept, after the cloud has not known where it stood. */
export const AuditHeadsRequest = z.object({ heads: z.array(SignedHead).max(500) });
export const AuditHeadsAnswer = z.object({ lost: z.int().nonnegative() });

/** `POST /sync/push`. Entries are parsed one by one: a malformed one does not spoil the others. */
export const PushRequest = z.object({
  deviceId: DeviceId,
  incarnation: Incarnation,
  /** The terminal's clock at sending, ms. Compared with the cloud's: a day off is flagged. */
  clockMs: z.number(),
  /** What waits on the terminal, for the owner's completeness mark. */
  pending: z.object({ count: z.int().nonnegative(), oldestAt: IsoAt.nullable() }),
  entries: z.array(z.unknown()).max(MAX_PUSH_ENTRIES),
  /** Of the series up to the last of `entries`. */
  head: OutboxHead.optional(),
});
export type PushRequest = z.infer<typeof PushRequest>;

const WireErrorBody = z.object({
  code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'internal')),
  message: z.string(),
  path: z.string().optional(),
});

/** What became of an entry: three outcomes, no fourth. `visible`: where the rows of an applied one can be read. */
export const EntryOutcome = z.object({
  seq: z.int(),
  id: z.string(),
  status: z.enum(['applied', 'rejected', 'retry']),
  flags: z.array(FlagCode.or(z.string())),
  error: WireErrorBody.optional(),
  visible: Visible.optional(),
});
export type EntryOutcome = z.infer<typeof EntryOutcome>;

export const PushAnswer = z.object({
  outcomes: z.array(EntryOutcome),
  /** The highest `seq` of this incarnation that the cloud has. */
  watermark: z.int().nonnegative(),
  lamport: z.int().nonnegative(),
  serverAt: IsoAt,
});
export type PushAnswer = z.infer<typeof PushAnswer>;

/** A synchronised row as it travels. A missing body is a tombstone. */
export const WireRow = z.object({
  kind: Kind.or(z.string()),
  id: z.string(),
  seq: z.int().positive(),
  body: z.record(z.string(), z.unknown()).nullable(),
});
export type WireRow = z.infer<typeof WireRow>;

/** What the cloud has of each terminal of the branch: the terminal sees what a restored cloud forgot. */
export const Watermark = z.object({ deviceId: z.string(), incarnation: z.string(), seq: z.int().nonnegative() });
export type Watermark = z.infer<typeof Watermark>;

export const DeviceOutcome = EntryOutcome.extend({ deviceId: z.string(), incarnation: z.string() });
export type DeviceOutcome = z.infer<typeof DeviceOutcome>;

/** `GET /sync/changes?after=<cursor>&limit=`: one page. `reset`: the cursor means nothing here, start from nothing. */
export const ChangesPage = z.object({
  rows: z.array(WireRow),
  outcomes: z.array(DeviceOutcome),
  watermarks: z.array(Watermark),
  cursor: CursorText,
  hasMore: z.boolean(),
  reset: z.boolean(),
  lamport: z.int().nonnegative(),
  serverAt: IsoAt,
  /** Where the audit chains end, on a page that reaches the head. */
  auditHeads: z.array(SignedHead).optional(),
});
export type ChangesPage = z.infer<typeof ChangesPage>;

/**
 * Event `rows` of `GET /stream/changes`: a page, and the cursor it goes on from. A reader that stands at `after` or
 * beyond may apply it; one that stands before it has missed something and pulls. The event id is `cursor`.
 */
export const StreamRows = ChangesPage.extend({ after: CursorText });
export type StreamRows = z.infer<typeof StreamRows>;

/** `POST /sync/echo`: the place that a terminal's stream reaches when the whole path works. `databaseMs`: of the cloud's transaction. */
export const EchoAnswer = z.object({ visible: Visible, serverAt: IsoAt, databaseMs: z.number().nonnegative() });
export type EchoAnswer = z.infer<typeof EchoAnswer>;
