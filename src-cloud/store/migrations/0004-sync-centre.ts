import type { Migration } from '../migrate.ts';

/** What a person has to look at, of the flags that were known when this ran. */
const TASKS = [
  'overpayment',
  'payment-unmatched',
  'payment-after-void',
  'refund-without-payment',
  'closed-underpaid',
  'after-closing',
  'order-unknown',
  'shift-unknown',
  'expected-differs',
  'not-permitted',
  'forked-series',
  'failed-inside',
];

export const syncCentre: Migration = {
  number: 4,
  name: 'sync-centre',
  statements: [
    // A terminal that says by itself that it is there: an open stream alone does not count for it (a cut cable leaves one open).
    'alter table device add column beats boolean not null default false',
    `update entity set state = 'open' where kind = 'anomaly' and state is null and body->>'code' in (${TASKS.map((code) => `'${code}'`).join(', ')})`,
  ],
};
