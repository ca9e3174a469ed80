import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src-main/core/system-clock.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { FieldRestaurant, type FieldTill, PRICE_MINOR } from '../helpers/field-restaurant.ts';

const orders = (till: FieldTill): string[] =>
  till.terminal
    .list('order')
    .map(({ id }) => id)
    .sort();
const MINUTE_MS = 60_000;

/** Takes the next events with rows out of a stream, without a trace. */
function losingEchoes(answer: Response, count: number, onLost: () => void): Response {
  if (answer.body === null) return answer;
  let rest = '';
  let lost = 0;
  const sieve = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      rest += new TextDecoder().decode(chunk);
      for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
        const event = rest.slice(0, end + 2);
        rest = rest.slice(end + 2);
        if (lost < count && /^event: rows$/m.test(event)) {
          lost += 1;
          onLost();
        } else controller.enqueue(new TextEncoder().encode(event));
      }
    },
  });
  return new Response(answer.body.pipeThrough(sieve), { status: answer.status, headers: answer.headers });
}

describe('what screens of other tills have said that was not true', () => {
  test('a replica that lost one echo never recovers: the next one shows the gap', async () => {
    const restaurant = await FieldRestaurant.open();
    const counter = await restaurant.till('Counter');
    let lost = 0;
    const floor = await restaurant.till('Floor');
    floor.cable.alter = (path, answer) =>
      path === '/stream/changes' ? losingEchoes(answer, 1, () => (lost += 1)) : answer;
    await floor.reopen();
    await expect.poll(() => floor.cable.asked.includes('/stream/changes')).toBe(true);
    counter.sell('lost-echo');
    await counter.settled();
    await expect.poll(() => lost, { timeout: 10_000 }).toBe(1);
    counter.sell('next');
    await expect.poll(() => orders(floor), { timeout: 10_000 }).toEqual(['lost-echo', 'next']);
    expect(floor.terminal.find('order', 'lost-echo')).toEqual(counter.terminal.find('order', 'lost-echo'));
  });

  test('a replica that lost one echo never recovers: and when no other comes, it asks by itself', async () => {
    const restaurant = await FieldRestaurant.open();
    const counter = await restaurant.till('Counter');
    const clock = new FakeClock(new Date(systemClock.now()).toISOString());
    let lost = 0;
    const floor = await restaurant.till('Floor', clock);
    let pulls = 0;
    floor.cable.alter = (path, answer) => {
      if (path === '/sync/changes') pulls += 1;
      return path === '/stream/changes' ? losingEchoes(answer, Number.POSITIVE_INFINITY, () => (lost += 1)) : answer;
    };
    await floor.reopen();
    // One pull at the start, and one when the stream is open: from here on it hears by the stream alone.
    await expect.poll(() => pulls, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    await expect.poll(() => floor.terminal.status().link).toBe('online');
    counter.sell('lost-echo');
    await counter.settled();
    await expect.poll(() => lost, { timeout: 10_000 }).toBeGreaterThanOrEqual(1);
    expect(orders(floor)).toEqual([]);
    await expect
      .poll(
        () => {
          clock.advance(MINUTE_MS);
          return orders(floor);
        },
        { timeout: 10_000 },
      )
      .toEqual(['lost-echo']);
  });

  test('the kitchen screen says updated while tickets are late', async () => {
    const restaurant = await FieldRestaurant.open();
    const counter = await restaurant.till('Counter');
    const clock = new FakeClock(new Date(systemClock.now()).toISOString());
    const kitchen = await restaurant.till('Kitchen', clock);
    await expect.poll(() => kitchen.terminal.status().link).toBe('online');
    kitchen.cable.silence();
    const heardAt = kitchen.terminal.status().lastContactAt;
    counter.open('o1');
    counter.addLine('o1', 'l1');
    counter.run('order.send', { orderId: 'o1', lineIds: ['l1'] });
    await counter.settled();
    // Within five seconds of its own clock it stops saying that it is up to date, and says since when it has not heard anything.
    const silentFromMs = clock.now();
    await expect
      .poll(
        () => {
          clock.advance(250);
          return kitchen.terminal.status().link;
        },
        { interval: 5, timeout: 10_000 },
      )
      .toBe('offline');
    expect(clock.now() - silentFromMs).toBeLessThanOrEqual(5_000);
    expect(kitchen.terminal.list('ticket')).toEqual([]);
    expect(kitchen.terminal.status().lastContactAt).toBe(heardAt);
    kitchen.plugIn();
    await expect
      .poll(
        () => {
          clock.advance(500);
          return [kitchen.terminal.status().link, kitchen.terminal.list('ticket').length];
        },
        { timeout: 10_000 },
      )
      .toEqual(['online', 1]);
  });

  test('the dashboard is silently incomplete', async () => {
    const restaurant = await FieldRestaurant.open();
    const [counter, bar] = [await restaurant.till('Counter'), await restaurant.till('Bar')];
    counter.sell('o1');
    bar.sell('o2');
    await Promise.all([counter.settled(), bar.settled()]);
    await expect
      .poll(async () => restaurant.dashboard(), { timeout: 10_000 })
      .toMatchObject({
        figures: { orderCount: 2, kpis: { salesToday: 2 * PRICE_MINOR } },
        status: { isComplete: true },
      });
    bar.cable.cut();
    bar.sell('o3');
    // A minute later.
    restaurant.cloudAheadMs = 61_000;
    counter.sell('o4');
    await counter.settled();
    await expect
      .poll(async () => restaurant.dashboard(), { timeout: 10_000 })
      .toMatchObject({
        figures: { orderCount: 3 },
        status: {
          isComplete: false,
          terminals: expect.arrayContaining([expect.objectContaining({ name: 'Bar', isOnline: false })]) as unknown,
        },
      });
    // The bar's own screen says that its figures are its own, and has the sale.
    expect(bar.terminal.status().link).toBe('offline');
    expect(bar.terminal.dayTotals()).toMatchObject([{ orders: 3, salesMinor: 3 * PRICE_MINOR }]);
    bar.plugIn();
    await bar.settled();
    await expect
      .poll(async () => restaurant.dashboard(), { timeout: 15_000 })
      .toMatchObject({
        figures: { orderCount: 4, kpis: { salesToday: 4 * PRICE_MINOR } },
        status: { isComplete: true },
      });
  });

  test('a terminal that was away for a week replays every step: one pull of the newest state instead', async () => {
    const restaurant = await FieldRestaurant.open();
    const counter = await restaurant.till('Counter');
    const away = await restaurant.till('Terrace');
    counter.open('long-table');
    await counter.settled();
    await expect.poll(() => orders(away)).toEqual(['long-table']);
    await away.terminal.close();
    // A week of steps: three hundred on one order, and forty sales.
    for (let n = 0; n < 300; n += 1) counter.addLine('long-table', `l${n}`);
    for (let n = 0; n < 40; n += 1) counter.sell(`o${n}`);
    await counter.settled();
    const pages: { rows: { kind: string; id: string }[] }[] = [];
    away.cable.alter = async (path, answer) => {
      if (path === '/sync/changes') pages.push((await answer.clone().json()) as (typeof pages)[number]);
      return answer;
    };
    await away.reopen();
    await expect.poll(() => orders(away).length, { timeout: 10_000 }).toBe(41);
    const rows = pages.flatMap((page) => page.rows).filter(({ kind }) => kind === 'order');
    expect(pages.filter((page) => page.rows.length > 0)).toHaveLength(1);
    expect(rows).toHaveLength(41);
    expect(away.terminal.find('order', 'long-table')?.lines).toHaveLength(300);
    expect(away.terminal.dayTotals()).toEqual(counter.terminal.dayTotals());
  });
});
