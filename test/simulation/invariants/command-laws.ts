import { isPhysical } from '../ledger/deed.ts';
import type { SimTerminal } from '../sim-types.ts';
import { type Broken, defineLaw } from './law.ts';

interface OutboxRow {
  id: string;
  incarnation: string;
  seq: number;
  status: string;
  lastError: string | null;
  body: string;
}

const readOutbox = (terminal: SimTerminal): OutboxRow[] =>
  terminal.query<OutboxRow>(
    'SELECT id, incarnation, seq, status, last_error AS lastError, body FROM outbox ORDER BY pos',
  );

/** Confirmed is kept: it is in the cloud, or waits on the terminal that confirmed it. A terminal that is down is asked later. */
export const nothingLost = defineLaw('nothing-lost', ({ world, ledger, cloud }, broken: Broken) => {
  for (const sim of world.terminals) {
    const missing = ledger
      .of(sim.deviceId)
      .filter(({ commandId }) => cloud.command(commandId) === undefined && !ledger.isExcused(commandId));
    if (missing.length === 0 || sim.terminal === undefined) continue;
    const kept = new Set(readOutbox(sim).map(({ id }) => id));
    for (const { commandId, name, seq } of missing) {
      if (!kept.has(commandId))
        broken(`${name} ${commandId} (seq ${seq}), confirmed by ${sim.name}, is neither there nor in the cloud`);
    }
  }
});

/** The cloud has the very text that the terminal wrote, once, and whatever else it has came from a terminal's outbox. */
export const sameText = defineLaw('same-text', ({ ledger, cloud }, broken: Broken) => {
  for (const command of ledger.commands) {
    const row = cloud.command(command.commandId);
    if (row === undefined) continue;
    const same =
      row.name === command.name &&
      row.deviceId === command.deviceId &&
      row.actorId === command.actorId &&
      row.businessDay === command.businessDay &&
      row.at === command.at &&
      JSON.stringify(row.input) === JSON.stringify(command.input);
    if (!same) broken(`${command.name} ${command.commandId} is in the cloud as ${row.name} ${row.body}`);
  }
});

/**
 * A terminal's commands take effect in the order in which they were confirmed. After a disk was put back and then the cloud
 * too, what an earlier series lost may come again after the later series has gone on: then within each series.
 */
export const deviceOrder = defineLaw('device-order', ({ ledger, cloud }, broken: Broken) => {
  const position = new Map(cloud.commands.map(({ commandId }, index) => [commandId, index]));
  const devices = new Set(ledger.commands.map(({ deviceId }) => deviceId));
  for (const deviceId of devices) {
    const last = new Map<string, { place: number; what: string }>();
    for (const { commandId, name } of ledger.of(deviceId)) {
      const row = cloud.command(commandId);
      const place = position.get(commandId);
      // An entry that forks off a series has no place in it.
      if (row === undefined || place === undefined || row.seq === null) continue;
      const series = ledger.wasCloudRestored || ledger.diskLostAfter(deviceId) > 0 ? (row.incarnation ?? '') : 'all';
      const before = last.get(series);
      if (before !== undefined && place < before.place)
        broken(`${name} ${commandId} of ${deviceId} took effect before ${before.what}`);
      last.set(series, { place, what: `${name} ${commandId}` });
    }
  }
});

/** A series of a terminal is in the cloud without a gap, up to its watermark. */
export const gapFreeSeries = defineLaw('gap-free-series', ({ cloud }, broken: Broken) => {
  const series = new Map<string, number[]>();
  for (const { deviceId, incarnation, seq } of cloud.commands) {
    if (incarnation === null || seq === null) continue;
    const key = `${deviceId}/${incarnation}`;
    series.set(key, [...(series.get(key) ?? []), seq]);
  }
  const marks = new Map(cloud.watermarks.map((mark) => [`${mark.deviceId}/${mark.incarnation}`, mark.seq]));
  for (const key of new Set([...series.keys(), ...marks.keys()])) {
    const seqs = (series.get(key) ?? []).toSorted((a, b) => a - b);
    const gap = seqs.findIndex((seq, index) => seq !== index + 1);
    if (gap !== -1) broken(`series ${key}: ${seqs[gap]} comes where ${gap + 1} should`);
    if ((marks.get(key) ?? 0) !== seqs.length)
      broken(`series ${key}: the watermark says ${marks.get(key) ?? 0}, there are ${seqs.length} commands`);
  }
});

/** A terminal's outbox counts every series without a gap. */
export const gapFreeOutbox = defineLaw('gap-free-outbox', ({ world }, broken: Broken) => {
  for (const terminal of world.terminals) {
    if (terminal.terminal === undefined) continue;
    const last = new Map<string, number>();
    const ids = new Set<string>();
    for (const { id, incarnation, seq } of readOutbox(terminal)) {
      if (ids.has(id)) broken(`${terminal.name} has ${id} twice in its outbox`);
      ids.add(id);
      const before = last.get(incarnation);
      if (before !== undefined && seq !== before + 1)
        broken(`${terminal.name}: ${incarnation} goes from ${before} to ${seq}`);
      last.set(incarnation, seq);
    }
  }
});

/** Counters stand above every row that was written under them, and no two rows share a place. */
export const countersLead = defineLaw('counters-lead', ({ cloud }, broken: Broken) => {
  const seen = new Set<string>();
  for (const { kind, id, scope, seq } of cloud.rows) {
    const place = `${scope} ${seq}`;
    if (seen.has(place)) broken(`two rows have place ${place}, one of them ${kind} ${id}`);
    seen.add(place);
    if (seq > (cloud.counters.get(scope) ?? 0))
      broken(`${kind} ${id} has place ${place}, above the counter ${cloud.counters.get(scope) ?? 0}`);
  }
});

/** What has happened physically is never refused, but for what cannot be this branch's. */
export const physicalNeverRefused = defineLaw('physical-never-refused', ({ cloud }, broken: Broken) => {
  for (const { commandId, name, status, refusal } of cloud.commands) {
    if (status !== 'rejected' || !isPhysical(name) || refusal?.code === 'auth/other-branch') continue;
    broken(`${name} ${commandId} was refused: ${refusal?.code} ${refusal?.message}`);
  }
});

/** No command fails inside but for those that the run has poisoned. */
export const nothingFailsInside = defineLaw('nothing-fails-inside', ({ cloud, ledger }, broken: Broken) => {
  for (const { commandId, name, flags, refusal } of cloud.commands) {
    const isFailed = flags.includes('failed-inside') || refusal?.code === 'internal';
    if (isFailed && !ledger.isPoisoned(commandId)) broken(`${name} ${commandId} failed inside`);
  }
});

/** A refusal has a code and a sentence in the cloud. */
export const refusalSaid = defineLaw('refusal-said', ({ cloud }, broken: Broken) => {
  for (const { commandId, name, status, refusal } of cloud.commands) {
    if (status !== 'rejected') continue;
    if (refusal === undefined || refusal.code === '' || refusal.message.trim() === '')
      broken(`${name} ${commandId} was refused without a word`);
  }
});

/** Nothing waits; what a terminal holds as done or refused, the cloud holds in the same way. */
export const allAnswered = defineLaw('all-answered', ({ world, cloud, ledger }, broken: Broken) => {
  for (const sim of world.terminals) {
    const { terminal, name, deviceId } = sim;
    if (terminal === undefined) broken(`${name} is still down`);
    const { waiting, unsettled } = terminal.backlog();
    if (waiting > 0 || unsettled > 0)
      broken(
        `${name}: ${waiting} wait, ${unsettled} have not come back (${terminal.status().trouble ?? 'no trouble'})`,
      );
    let refused = 0;
    for (const { id, status, lastError } of readOutbox(sim)) {
      const row = cloud.command(id);
      if (row === undefined) broken(`${name} has ${id} as ${status}, the cloud does not have it`);
      const expected = row.status === 'applied' ? 'SUCCESS' : 'FAILED';
      if (status !== expected) broken(`${name} has ${id} as ${status}, the cloud has it ${row.status}`);
      if (status !== 'FAILED') continue;
      refused += 1;
      const said = lastError === null ? '' : ((JSON.parse(lastError) as { message?: string }).message ?? '');
      if (said.trim() === '') broken(`${name} does not say why ${id} was refused`);
    }
    if (terminal.status().refused !== refused)
      broken(`${name} says ${terminal.status().refused} refused, its outbox has ${refused}`);
    for (const { commandId, name: what } of ledger.of(deviceId)) {
      if (cloud.command(commandId) === undefined && !ledger.isExcused(commandId))
        broken(`${what} ${commandId} of ${name} is not in the cloud`);
    }
  }
});

/** What a terminal holds as answered is in the cloud, unless the cloud was put back since. */
export const answeredIsStored = defineLaw('answered-is-stored', ({ world, cloud, ledger }, broken: Broken) => {
  if (ledger.wasCloudRestored) return;
  for (const sim of world.terminals) {
    if (sim.terminal === undefined) continue;
    for (const { id, status } of readOutbox(sim)) {
      if (status !== 'SUCCESS' && status !== 'FAILED') continue;
      if (cloud.command(id) === undefined)
        broken(`${sim.name} was told that ${id} is ${status}, the cloud does not have it`);
    }
  }
});

interface Receipt {
  series: string;
  number: number;
  commandId: string;
}

function readReceipt(commandId: string, text: unknown): Receipt | undefined {
  if (typeof text !== 'string') return undefined;
  const cut = text.lastIndexOf('-');
  return cut === -1 ? undefined : { series: text.slice(0, cut), number: Number(text.slice(cut + 1)), commandId };
}

/** A receipt number is given out once, and its series has no gap, whatever crashed in between. */
export const receiptsUnique = defineLaw('receipts', ({ ledger, cloud, world }, broken: Broken) => {
  const owners = new Map<string, Map<number, string>>();
  const note = (receipt: Receipt | undefined): void => {
    if (receipt === undefined) return;
    const numbers = owners.get(receipt.series) ?? new Map<number, string>();
    owners.set(receipt.series, numbers);
    const owner = numbers.get(receipt.number);
    if (owner !== undefined && owner !== receipt.commandId)
      broken(`receipt ${receipt.series}-${receipt.number} was given to ${owner} and to ${receipt.commandId}`);
    numbers.set(receipt.number, receipt.commandId);
  };
  const isDown = world.terminals.some(({ terminal }) => terminal === undefined);
  for (const { name, commandId, input } of [...ledger.commands, ...cloud.commands])
    if (name === 'order.open') note(readReceipt(commandId, input['number']));
  for (const sim of world.terminals) {
    if (sim.terminal === undefined) continue;
    for (const { id, body } of readOutbox(sim)) {
      const { name, input } = JSON.parse(body) as { name: string; input: Record<string, unknown> };
      if (name === 'order.open') note(readReceipt(id, input['number']));
    }
  }
  // What a terminal that is down has committed without having said so is not known yet.
  if (isDown || ledger.wasDiskLost) return;
  for (const [series, numbers] of owners) {
    const last = Math.max(...numbers.keys());
    for (let number = 1; number <= last; number += 1)
      if (!numbers.has(number)) broken(`receipt ${series}-${number} was never given out, ${series}-${last} was`);
  }
});
