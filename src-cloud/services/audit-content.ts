import { hash } from 'node:crypto';
import type { CommandContext } from '#shared/commands/envelope.ts';
import type { Command } from '#shared/commands/define-command.ts';
import type { Anomaly } from '#shared/domain/anomaly.ts';
import type { Find, Outcome } from '#shared/commands/engine.ts';
import type { Kind, Put } from '#shared/domain/entity.ts';
import { type Order, type OrderLine, orderTotals } from '#shared/domain/order.ts';
import { keptMinor, type Payment } from '#shared/domain/payment.ts';
import type { CommandRecord } from '../store/command-log.ts';

type Figures = Record<string, unknown>;

/** One thing that a command changed: what of it counts, before and after. `null`: there was none. */
export interface AuditChange {
  kind: string;
  id: string;
  before: Figures | null;
  after: Figures | null;
}

/**
 * Where the content of a line comes from. Its names are in alphabetical order everywhere (canonical JSON): the same facts give the same text.
 * Of a command it has the hash of the body as recorded, so that neither can be changed alone.
 */
interface LineFields {
  actor: string;
  approver?: string | undefined;
  /** By the clock of the device; missing on what the cloud itself does. */
  at?: string | undefined;
  body?: string;
  branch?: string;
  changes: AuditChange[];
  command?: string;
  device?: string;
  error?: string | undefined;
  flags?: readonly string[];
  incarnation?: string | undefined;
  name: string;
  reason?: string | undefined;
  /** By the clock of the cloud. */
  received: string;
  seq?: number | undefined;
  status?: 'applied' | 'rejected';
  version?: number;
}

// One order is before and after of several commands in a row.
const known = new WeakMap<object, Figures>();

/** What counts of a row; undefined for kinds that neither money nor rights hang on. */
export function figuresOf(row: Pick<Put, 'kind' | 'body'>): Figures | undefined {
  const cached = known.get(row.body);
  if (cached !== undefined) return cached;
  const figures = makeFigures(row as Put);
  if (figures !== undefined) known.set(row.body, figures);
  return figures;
}

function makeFigures(row: Put): Figures | undefined {
  switch (row.kind) {
    case 'order':
      return orderFigures(row.body);
    case 'shift': {
      const { countedMinor, deviceId, expectedMinor, floatMinor, noSales, staffId, status } = row.body;
      return {
        counted: countedMinor,
        device: deviceId,
        expected: expectedMinor,
        float: floatMinor,
        noSales: noSales.length,
        staff: staffId,
        status,
      };
    }
    case 'staff':
      return { active: row.body.isActive, branches: row.body.branchIds, level: row.body.level };
    case 'pin':
      return { verifier: hash('sha256', row.body.pinHash, 'base64url').slice(0, 16) };
    case 'menuItem':
      return { price: row.body.priceMinor, removed: row.body.isRemoved, tax: taxText(row.body.tax) };
    case 'availability':
      return { runOut: row.body.is86 };
    case 'stockItem':
      return { onHandMilli: row.body.onHandMilli };
    case 'anomaly':
      return row.body.resolved === undefined ? undefined : resolutionFigures(row.body.resolved);
    case 'organisation':
    case 'branch':
    case 'category':
    case 'table':
    case 'session':
    case 'ticket':
    case 'stockMovement':
      return undefined;
  }
}

function resolutionFigures(resolved: NonNullable<Anomaly['resolved']>): Figures {
  return { by: resolved.by, decision: resolved.decision, newCommand: resolved.newCommandId, note: resolved.note };
}

function orderFigures(order: Order): Figures {
  const { dueMinor, paidMinor, totalMinor } = orderTotals(order);
  const kept = order.payments.reduce((sum, payment) => sum + keptMinor(payment), 0);
  return { due: dueMinor, kept, paid: paidMinor, status: order.status, total: totalMinor };
}

function taxText(tax: { code: string; ratePpm: number; mode: string }): string {
  return `${tax.code} ${tax.ratePpm} ${tax.mode}`;
}

function paymentFigures(payment: Payment): Figures {
  return {
    amount: payment.amountMinor,
    kept: keptMinor(payment),
    method: payment.method,
    reversed: payment.reversal !== undefined,
    shift: payment.shiftId,
    tip: payment.tipMinor,
  };
}

function lineFigures(line: OrderLine): Figures {
  return { item: line.itemId, price: line.unitPriceMinor, quantity: line.quantity, voided: line.void !== undefined };
}

/** Those of two lists that are not the same object, by id: `execute` copies what it changes and keeps the rest. */
function partChanges<T extends { id: string }>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  figures: (part: T) => Figures,
): AuditChange[] {
  if (before === after) return [];
  const former = new Map(before.map((part) => [part.id, part]));
  const changes: AuditChange[] = [];
  for (const part of after) {
    const old = former.get(part.id);
    former.delete(part.id);
    if (old === part) continue;
    changes.push({ after: figures(part), before: old === undefined ? null : figures(old), id: part.id, kind });
  }
  for (const gone of former.values()) changes.push({ after: null, before: figures(gone), id: gone.id, kind });
  return changes;
}

/** What `puts` change against `before`, of what counts. Ask before they are applied. */
export function changesOf(puts: readonly Put[], before: Find): AuditChange[] {
  const changes: AuditChange[] = [];
  for (const row of puts) {
    const after = figuresOf(row);
    if (after === undefined) continue;
    const old = before(row.kind, row.id);
    changes.push({
      after,
      before: old === undefined ? null : (figuresOf({ kind: row.kind, body: old }) ?? null),
      id: row.id,
      kind: row.kind,
    });
    if (row.kind !== 'order') continue;
    const order = old as Order | undefined;
    changes.push(...partChanges('line', order?.lines ?? [], row.body.lines, lineFigures));
    changes.push(...partChanges('payment', order?.payments ?? [], row.body.payments, paymentFigures));
  }
  return changes;
}

/** Whether a command of this topic has a line. What is not known as a command has none: its body alone says what it was. */
export function isAudited(command: Command | undefined): command is Command {
  return command !== undefined && command.audit !== 'none';
}

export interface CommandLine {
  record: CommandRecord;
  ctx: Pick<CommandContext, 'branchId' | 'deviceId'>;
  incarnation: string | null;
  input: Record<string, unknown> | undefined;
  outcome: Outcome;
  changes: AuditChange[];
  receivedAt: string;
}

/** The line of a command. */
export function commandContent(line: CommandLine): string {
  const { record, ctx, outcome } = line;
  const reason = line.input?.['reason'];
  return contentText({
    actor: record.actorId,
    approver: record.approvedBy ?? undefined,
    at: record.deviceAt ?? undefined,
    body: bodyHash(record.body),
    branch: ctx.branchId,
    changes: line.changes,
    command: record.id,
    device: ctx.deviceId,
    error: outcome.status === 'rejected' ? outcome.error.code : undefined,
    flags: record.outcome.flags,
    incarnation: line.incarnation ?? undefined,
    name: record.name,
    reason: typeof reason === 'string' ? reason : undefined,
    received: line.receivedAt,
    seq: record.seq ?? undefined,
    status: record.status,
    version: record.version,
  });
}

/** How the body of a command, as recorded, stands in its line. */
export function bodyHash(body: string): string {
  return hash('sha256', body, 'base64url');
}

/** The line of what is no command: a code given out, a terminal enrolled or switched off, a login, a set-up. */
export function eventContent(event: {
  name: string;
  actor: string;
  branchId?: string;
  changes: readonly AuditChange[];
  receivedAt: string;
}): string {
  return contentText({
    actor: event.actor,
    ...(event.branchId === undefined ? {} : { branch: event.branchId }),
    changes: [...event.changes],
    name: event.name,
    received: event.receivedAt,
  });
}

/** The rows of people, as they are at a set-up, in a line. */
export function newRowChanges(puts: readonly Put[]): AuditChange[] {
  return changesOf(puts, <K extends Kind>(_kind: K, _id: string) => undefined);
}

function contentText(fields: LineFields): string {
  return JSON.stringify(fields);
}
