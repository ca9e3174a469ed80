import { createServer, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ulid } from 'ulid';
import { Fold, parseInput, runCommand, type Find } from '#shared/commands/engine.ts';
import { findCommand } from '#shared/commands/registry.ts';
import { contextOf, type Envelope } from '#shared/commands/envelope.ts';
import { put, type EntityOf, type Kind, type Put } from '#shared/domain/entity.ts';
import { drawerMinor } from '#shared/domain/shift.ts';
import { branchDay } from '#shared/domain/branch.ts';
import { AppError, toWireError } from '#shared/kernel/errors.ts';

const port = Number(process.env['PORT'] ?? 4790);
const outDir = process.env['OUT'] ?? '/tmp/renderer-out';
const manyItems = Number(process.env['ITEMS'] ?? 0);
const manyOrders = Number(process.env['ORDERS'] ?? 0);
const ids = { org: 'org1', branch: 'b1', device: 'dev1' };
const organisation = { id: ids.org, name: 'Kololo Group', currency: process.env['CURRENCY'] ?? 'UGX' };
const branch = {
  id: ids.branch,
  name: 'Kololo Grill',
  zone: 'Africa/Kampala',
  dayStartHour: 4,
  stations: [
    { id: 'kitchen', name: 'Kitchen' },
    { id: 'bar', name: 'Bar' },
  ],
};
const rows = new Map<string, Put>();
const seed = (kind: Kind, body: Record<string, unknown> & { id: string }) =>
  rows.set(`${kind}/${body.id}`, put(kind, body as never));
const staff = [
  ['anna', 'Anna Nakato', 'L2'],
  ['moses', 'Moses Okello', 'L2'],
  ['ruth', 'Ruth Achieng', 'L3'],
  ['grace', 'Grace Kamya', 'L4'],
  ['sam', 'Samuel Ssekandi-Byaruhanga Mutabazi', 'L1'],
  ['owner', 'Olive Owner', 'L5'],
] as const;
for (const [id, name, level] of staff) seed('staff', { id, name, level, branchIds: [ids.branch], isActive: true });
['Starters', 'Grill', 'Curries', 'Sides', 'Soft drinks', 'Desserts', 'Beer & wine'].forEach((name, i) =>
  seed('category', { id: `c${i + 1}`, name, rank: i, colour: i + 1 }),
);
const menu: [string, number, number][] = [
  ['Tomato soup', 12000, 1],
  ['Samosa, beef (3)', 9000, 1],
  ['Rolex, classic', 8000, 2],
  ['Grilled tilapia, whole', 48000, 2],
  ['Chicken luwombo', 35000, 3],
  ['Goat muchomo', 32000, 2],
  ['Pilau, beef', 26000, 3],
  ['Beans & matooke', 18000, 3],
  ['Nile perch curry', 38000, 3],
  ['Chips', 12000, 4],
  ['Kachumbari', 7000, 4],
  ['Posho', 5000, 4],
  ['Mango juice, fresh', 8000, 5],
  ['Passion juice, fresh', 8000, 5],
  ['Soda, 30 cl', 4000, 5],
  ['African tea, pot', 10000, 6],
  ['Nile Special', 9000, 7],
  ['Bell Lager', 9000, 7],
  ['House red, glass', 18000, 7],
  ['Mineral water', 3000, 5],
  ['Banana fritters', 11000, 6],
  ['Fruit platter', 14000, 6],
  ['Espresso', 7000, 6],
  ['Ugandan waragi', 8000, 7],
  ['Slow-roasted shoulder of lamb with rosemary and garlic potatoes', 8000, 2],
];
const vat = { code: 'VAT', ratePpm: 180_000, mode: 'inclusive' };
const item = (id: string, name: string, priceMinor: number, c: number) =>
  seed('menuItem', {
    id,
    name,
    categoryId: `c${c}`,
    priceMinor,
    tax: vat,
    stationId: c >= 5 && c !== 6 ? 'bar' : 'kitchen',
    isRemoved: false,
    formerPrices: [],
  });
menu.forEach(([name, price, c], i) => item(`m${i}`, name, price, c));
for (let i = 0; i < manyItems; i++) item(`x${i}`, `Item number ${i}`, 1000 + (i % 50) * 500, (i % 7) + 1);
seed('availability', { id: 'b1:m8', branchId: ids.branch, itemId: 'm8', is86: true, at: new Date().toISOString() });
for (let i = 1; i <= 14; i++)
  seed('table', {
    id: `t${i}`,
    branchId: ids.branch,
    name: i > 12 ? `Terrace ${i}` : String(i),
    seats: 4,
    area: i > 12 ? 'Terrace' : 'Room',
    x: 0,
    y: 0,
    isRemoved: false,
  });

const find: Find = <K extends Kind>(kind: K, id: string) => rows.get(`${kind}/${id}`)?.body as EntityOf<K> | undefined;
let receipt = 417;
let revision = 0;
let session: { staffId: string; name: string; level: string } | null = null;
let wrong = 0;
let lockedUntil: Record<string, number> = {};
const clients = new Set<ServerResponse>();
const emit = (name: string, payload: unknown) => {
  for (const c of clients) c.write(`event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`);
};
const status = () => ({
  link: process.env['OFFLINE'] ? 'offline' : 'online',
  offlineSinceAt: null,
  lastContactAt: new Date().toISOString(),
  waiting: Number(process.env['WAITING'] ?? 0),
  oldestWaitingAt: null,
  refused: Number(process.env['REFUSED'] ?? 0),
  trouble: null,
});
const kpis = () => ({
  source: 'cloud',
  asOf: new Date().toISOString(),
  kpis: {
    salesToday: 4182000,
    salesMTD: 71940500,
    paymentsMomo: 2306000,
    paymentsCash: 1544000,
    openOrders: 14,
    tablesOccupied: 17,
    onShiftNow: 11,
    stockAtRisk: 6,
    anomaliesToday: 3,
  },
  isComplete: true,
  missing: [],
  oldestUnsyncedAt: null,
});
const info = () => ({
  organisation,
  branch,
  deviceId: ids.device,
  deviceName: 'Counter 1',
  deviceCode: 'K1',
  host: 'hub',
  version: '0.1.0',
  staff: staff.map(([id, name, level]) => ({
    id,
    name,
    level,
    lockedUntilAt: (lockedUntil[id] ?? 0) > Date.now() ? new Date(lockedUntil[id] ?? 0).toISOString() : null,
    hasPin: true,
  })),
  session,
});

function execute(
  calls: { name: string; input: Record<string, unknown> }[],
  actorId: string,
  approvedBy?: string,
  atMs = Date.now(),
) {
  const fold = new Fold(find);
  const results = [];
  for (const call of calls) {
    const command = findCommand(call.name, 1);
    if (command === undefined) throw new AppError('command/unknown');
    const input = { ...call.input };
    if (call.name === 'order.open') input['number'] = `K1-${String(++receipt).padStart(4, '0')}`;
    if (call.name === 'payment.take' && input['method'] === 'cash') {
      const changed = fold
        .changed()
        .filter((r) => r.kind === 'shift')
        .map((r) => r.body);
      const open = [...rows.values()]
        .filter((r) => r.kind === 'shift')
        .map((r) => fold.find('shift', r.id))
        .concat(changed as never)
        .find((s) => s?.status === 'open' && s.deviceId === ids.device);
      if (open !== undefined) input['shiftId'] = open.id;
    }
    if (call.name === 'shift.close') {
      const shift = fold.find('shift', String(input['shiftId']));
      if (shift !== undefined)
        input['expectedMinor'] = drawerMinor(
          shift,
          [...rows.values()].filter((r) => r.kind === 'order').map((r) => r.body as EntityOf<'order'>),
        );
    }
    const envelope = {
      id: ulid(),
      name: call.name,
      version: 1,
      branchId: ids.branch,
      actorId,
      ...(approvedBy === undefined ? {} : { approvedBy }),
      at: new Date(atMs).toISOString(),
      businessDay: branchDay(branch as never, atMs),
      input,
    } as unknown as Envelope;
    const outcome = runCommand(
      command,
      parseInput(command, input),
      contextOf(envelope, { orgId: ids.org as never, deviceId: ids.device as never, isRecorded: false }),
      fold.find,
      { withReview: false },
    );
    if (outcome.status === 'rejected') throw new AppError(outcome.error.code, outcome.error.message);
    fold.apply(outcome.puts);
    results.push({ commandId: envelope.id, flags: outcome.flags.map((f) => f.code) });
  }
  const changed = fold.changed();
  for (const row of changed) rows.set(`${row.kind}/${row.id}`, row);
  revision += 1;
  emit('live:rows', { rows: changed, revision });
  if (session !== null && scene !== undefined) emit('live:kpis', scene.sceneKpis(rows, branch));
  return { results, rows: changed, revision };
}
const line = (orderId: string, i: number, quantity = 1, note = '') => {
  const m = rows.get(`menuItem/m${i}`)?.body as EntityOf<'menuItem'>;
  return {
    name: 'order.addLine',
    input: {
      orderId,
      lineId: `${orderId}l${i}`,
      itemId: m.id,
      name: m.name,
      quantity,
      unitPriceMinor: m.priceMinor,
      tax: m.tax,
      stationId: m.stationId,
      note,
    },
  };
};
if (process.env['EMPTY'] === undefined) {
  const ago = (min: number) => Date.now() - min * 60_000;
  execute([{ name: 'shift.open', input: { shiftId: 's1', floatMinor: 100000 } }], 'anna', undefined, ago(200));
  execute(
    [
      {
        name: 'order.open',
        input: {
          orderId: 'o2',
          type: 'dine-in',
          tableId: 't7',
          tableName: '7',
          seating: { sessionId: 'se2', guests: 2 },
        },
      },
      line('o2', 3),
      { name: 'order.send', input: { orderId: 'o2', lineIds: ['o2l3'] } },
    ],
    'moses',
    undefined,
    ago(30),
  );
  for (const r of rows.values())
    if (r.kind === 'ticket') execute([{ name: 'ticket.bump', input: { ticketId: r.id } }], 'sam');
  execute(
    [{ name: 'order.open', input: { orderId: 'o3', type: 'takeaway' } }, line('o3', 9)],
    'moses',
    undefined,
    ago(5),
  );
  execute(
    [
      {
        name: 'order.open',
        input: {
          orderId: 'o1',
          type: 'dine-in',
          tableId: 't12',
          tableName: '12',
          seating: { sessionId: 'se1', guests: 4 },
        },
      },
      line('o1', 0, 2),
      { name: 'order.send', input: { orderId: 'o1', lineIds: ['o1l0'] } },
    ],
    'anna',
    undefined,
    ago(38),
  );
  const t = [...rows.values()].filter((r) => r.kind === 'ticket').at(-1);
  if (t) {
    execute([{ name: 'ticket.bump', input: { ticketId: t.id } }], 'sam', undefined, ago(25));
    execute([{ name: 'ticket.serve', input: { ticketId: t.id } }], 'sam', undefined, ago(21));
  }
  execute(
    [
      line('o1', 3, 1, 'Well done · no chilli'),
      line('o1', 4, 2, '1 with matooke · 1 with rice'),
      { name: 'order.send', input: { orderId: 'o1', lineIds: ['o1l3', 'o1l4'] } },
    ],
    'anna',
    undefined,
    ago(9),
  );
  execute([line('o1', 12, 2, 'No ice'), line('o1', 9)], 'anna', undefined, ago(1));
  for (let i = 0; i < manyOrders; i++)
    execute(
      [{ name: 'order.open', input: { orderId: `z${i}`, type: 'takeaway' } }, line(`z${i}`, i % 20)],
      'moses',
      undefined,
      ago(60),
    );
}
const scene = process.env['SCENE'] === undefined ? undefined : await import('./desk-scene.ts');
scene?.playScene({ execute, seed, line, rows });
interface Asked {
  staffId: string;
  pin: string;
  commands: { name: string; input: Record<string, unknown> }[];
  approval?: { staffId: string; pin: string };
  filter: string;
}
async function call(name: string, input: Asked): Promise<unknown> {
  if (name === 'terminal:info') return info();
  if (name === 'session:lock') {
    session = null;
    return {};
  }
  if (name === 'session:signIn') {
    if ((lockedUntil[input.staffId] ?? 0) > Date.now()) throw new AppError('auth/locked');
    const who = staff.find(([id]) => id === input.staffId);
    if (who === undefined || !/^(1234|123456)$/.test(input.pin)) {
      if (++wrong >= 5) {
        wrong = 0;
        lockedUntil[input.staffId] = Date.now() + 90_000;
        throw new AppError('auth/locked');
      }
      throw new AppError('auth/wrong-pin');
    }
    session = { staffId: who[0], name: who[1], level: who[2] };
    return session;
  }
  if (session === null) throw new AppError('auth/missing');
  if (name === 'live:snapshot')
    return { rows: [...rows.values()], status: status(), kpis: scene?.sceneKpis(rows, branch) ?? kpis(), revision };
  if (name === 'command:run') {
    if (input.approval !== undefined && !/^(1234|123456)$/.test(input.approval.pin))
      throw new AppError('auth/wrong-pin');
    return execute(input.commands, session.staffId, input.approval?.staffId);
  }
  if (name === 'outbox:list') return scene?.sceneOutbox(input.filter) ?? { items: [], total: 0 };
  if (name === 'sync:now') return {};
  if (name === 'shift:drawer') return { expectedMinor: 0 };
  throw new AppError('route/unknown');
}
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};
createServer((req, res) => {
  const url = new URL(req.url ?? '/', 'http://x');
  if (url.pathname === '/bridge-events') {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    res.write(':\n\n');
    clients.add(res);
    res.on('close', () => clients.delete(res));
    return;
  }
  if (url.pathname.startsWith('/bridge/')) {
    let body = '';
    req.on('data', (d: Buffer) => (body += d));
    req.on('end', () => {
      call(decodeURIComponent(url.pathname.slice(8)), JSON.parse(body || '{}') as Asked)
        .then(
          (value) => ({ ok: true, value }),
          (error: unknown) => {
            if (!(error instanceof AppError)) console.error(error);
            return { ok: false, error: toWireError(error) };
          },
        )
        .then((answer) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)));
    });
    return;
  }
  const file = url.pathname === '/' ? '/index.html' : url.pathname;
  readFile(join(outDir, file)).then(
    (d) => res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(d),
    () => res.writeHead(404).end(),
  );
}).listen(port, '127.0.0.1', () => console.log('listening', port));
