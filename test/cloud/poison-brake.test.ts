import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { burger, CloudKit, type Entry, type Till } from '../helpers/cloud-kit.ts';
import { engines } from '../helpers/engines.ts';

describe.each(engines)('a cloud in which everything fails, on $name', (engine) => {
  let kit: CloudKit;
  let till: Till;
  beforeAll(async () => {
    kit = await CloudKit.open(engine);
    till = await (await kit.organisation()).till();
  });
  afterAll(() => kit.close());

  /** Entries on which the database itself chokes. */
  const bad = (count: number, name: string): Entry[] =>
    Array.from({ length: count }, (_each, index) =>
      till.entry('order.addLine', burger('b1', `${name}-${index}`, { name: 'Bur\u0000ger' })),
    );
  const statusesOf = async (entries: Entry[]): Promise<string[]> => {
    const { status, body } = await till.push(entries);
    return status === 200 ? body.outcomes.map((outcome) => outcome.status) : [String(status)];
  };

  test('does not write off what the terminals send; a success lets go, and so does time', async () => {
    await till.taken([till.entry('order.open', { orderId: 'b1', type: 'takeaway' })]);
    const first = bad(19, 'first');
    expect(new Set(await statusesOf(first))).toEqual(new Set(['rejected']));
    expect(await statusesOf([till.entry('order.addLine', burger('b1', 'good'))])).toEqual(['applied']);

    const rest = bad(25, 'rest');
    expect(await statusesOf(rest)).toEqual(['503']);
    expect(await statusesOf(rest.slice(0, 19))).toEqual(Array(19).fill('rejected'));
    expect(await statusesOf(rest.slice(19))).toEqual(['503']);
    kit.clock.advance(16 * 60_000);
    expect(new Set(await statusesOf(rest.slice(19)))).toEqual(new Set(['rejected']));
    expect(await statusesOf([till.entry('order.addLine', burger('b1', 'last'))])).toEqual(['applied']);
  });
});
