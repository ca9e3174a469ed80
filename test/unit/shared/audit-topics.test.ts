import { expect, test } from 'vitest';
import { commands } from '#shared/commands/registry.ts';

/** What neither money nor rights hang on. A new command is in the audit log unless it is named here. */
const WITHOUT_LINE = [
  'menu.saveCategory',
  'order.open',
  'order.send',
  'session.clear',
  'session.seat',
  'stock.saveItem',
  'table.save',
  'ticket.bump',
  'ticket.bumpLine',
  'ticket.recall',
  'ticket.serve',
  'ticket.start',
];

test('every command says what the audit log keeps of it, and those without a line are known', () => {
  expect(commands.filter(({ audit }) => !['money', 'rights', 'none'].includes(audit))).toEqual([]);
  const without = commands.filter(({ audit }) => audit === 'none').map(({ name }) => name);
  expect(without.toSorted()).toEqual(WITHOUT_LINE);
});
