import type { Migration } from '../migrate.ts';

/** Tables in which a row, once written, stays as it is. */
const APPEND_ONLY = ['audit_line'];

const owned = (table: string): string[] => [
  `alter table ${table} enable row level security`,
  `create policy own_organisation on ${table} to chefcloud_app
    using (org_id = current_setting('app.org_id', true)) with check (org_id = current_setting('app.org_id', true))`,
];

export const audit: Migration = {
  number: 2,
  name: 'audit',
  statements: [
    // One chain for each counter: its head moves under the counter's lock, in the row that every writing transaction updates anyway.
    `alter table counter add column audit_n int8 not null default 0, add column audit_hash text not null default ''`,
    `create table audit_line (
      org_id text not null, scope text not null, n int8 not null, prev text not null, hash text not null, content text not null,
      primary key (org_id, scope, n))
      with (toast_tuple_target = 8160)`,
    ...APPEND_ONLY.flatMap(owned),
    ...APPEND_ONLY.map((table) => `grant select, insert on ${table} to chefcloud_app`),
    `create function refuse_change() returns trigger language plpgsql as $$ begin
      raise exception 'rows of % are never changed', tg_table_name using errcode = 'insufficient_privilege';
    end $$`,
    ...APPEND_ONLY.map(
      (table) =>
        `create trigger append_only before update or delete on ${table} for each row execute function refuse_change()`,
    ),

    // The rolling hash over the texts of a series, as the cloud received them, and as the terminal last said it.
    'alter table watermark add column head_hash text, add column told_seq int8, add column told_hash text',

    // What a terminal sent after it was switched off: kept as it came, run only when a manager says so.
    `create table quarantine (
      org_id text not null, device_id text not null, incarnation text not null, seq int8 not null, id text not null,
      branch_id text not null, received_at timestamptz not null, entry text not null,
      status text not null default 'held' check (status in ('held', 'accepted', 'left')),
      decided_by text, decided_at timestamptz,
      primary key (org_id, device_id, incarnation, seq, id))`,
    `create index quarantine_held on quarantine (org_id, branch_id) where status = 'held'`,
    ...owned('quarantine'),
    'grant select, insert on quarantine to chefcloud_app',
    'grant update (status, decided_by, decided_at) on quarantine to chefcloud_app',
  ],
};
