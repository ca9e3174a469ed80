import type { Migration } from '../migrate.ts';

/** Tables of an organisation: the app role sees the rows of one organisation only, and owns nothing. */
const ORG_TABLES = [
  'counter',
  'counter_token',
  'entity',
  'command',
  'watermark',
  'order_day',
  'day_rollup',
  'kpi_sample',
  'device',
  'staff_login',
  'refresh_token',
  'idempotency',
];
/** Tables that are asked before the organisation is known: by e-mail, by enrolment code. */
const DIRECTORY_TABLES = ['account_directory', 'enrolment_code'];

// Roles belong to the whole server, not to one database: another database of it may have made them, even this moment.
const role = (name: string): string => `do $$ begin
  if not exists (select from pg_roles where rolname = '${name}') then
    create role ${name} nologin nosuperuser nobypassrls;
  end if;
exception when duplicate_object or unique_violation then null;
end $$`;

const figures = `
  sales_minor int8 not null,
  cash_minor int8 not null,
  momo_minor int8 not null,
  card_minor int8 not null,
  orders int8 not null`;

export const first: Migration = {
  number: 1,
  name: 'first',
  statements: [
    role('chefcloud_app'),
    role('chefcloud_directory'),
    'grant chefcloud_app to current_user',
    'grant chefcloud_directory to current_user',

    `create table counter (
      org_id text not null, scope text not null, seq int8 not null, token text not null,
      primary key (org_id, scope))`,
    `create table counter_token (
      org_id text not null, scope text not null, seq int8 not null, token text not null, at timestamptz not null,
      primary key (org_id, scope, seq))`,
    'create index counter_token_age on counter_token (org_id, at)',

    // An order of a few lines is a little over 2 kB: kept as it is, it costs neither compressing nor a second table.
    `create table entity (
      org_id text not null, kind text not null, id text not null, scope text not null, seq int8 not null,
      state text, day text, body jsonb not null, updated_at timestamptz not null,
      primary key (org_id, kind, id))
      with (toast_tuple_target = 8160)`,
    'create index entity_log on entity (org_id, scope, seq)',
    'create index entity_live on entity (org_id, scope, kind, state) where state is not null',
    'create index entity_by_day on entity (org_id, scope, kind, day) where day is not null',
    `create index entity_tickets_log on entity (org_id, scope, seq) where kind = 'ticket'`,
    `create index entity_tickets_time on entity (org_id, scope, updated_at) where kind = 'ticket'`,

    `create table command (
      org_id text not null, id text not null, branch_id text not null, device_id text not null,
      incarnation text, seq int8, lamport int8 not null, name text not null, version int4 not null,
      actor_id text not null, approved_by text, device_at timestamptz, received_at timestamptz not null,
      status text not null check (status in ('applied', 'rejected')), outcome jsonb not null,
      visible_org int8 not null, visible_branch int8 not null, body text not null,
      primary key (org_id, id))`,
    'create unique index command_series on command (org_id, device_id, incarnation, seq) where seq is not null',
    'create index command_visible on command (org_id, branch_id, visible_branch)',

    `create table watermark (
      org_id text not null, device_id text not null, incarnation text not null, branch_id text not null,
      seq int8 not null, lamport int8 not null,
      primary key (org_id, device_id, incarnation))`,
    'create index watermark_branch on watermark (org_id, branch_id)',

    // The figures ride in the key's index: a day's sum is read from the index alone.
    `create table order_day (
      org_id text not null, branch_id text not null, day text not null, order_id text not null, ${figures},
      primary key (org_id, branch_id, day, order_id) include (sales_minor, cash_minor, momo_minor, card_minor, orders))`,
    `create table day_rollup (
      org_id text not null, branch_id text not null, day text not null, ${figures},
      primary key (org_id, branch_id, day))`,
    `create table kpi_sample (
      org_id text not null, branch_id text not null, day text not null, hour int4 not null check (hour between 0 and 24),
      open_orders int4 not null, tables_occupied int4 not null, on_shift_now int4 not null, stock_at_risk int4 not null,
      anomalies_today int4 not null,
      primary key (org_id, branch_id, day, hour))`,

    `create table device (
      org_id text not null, id text not null, branch_id text not null, code text not null, name text not null,
      public_key text not null, status text not null check (status in ('active', 'revoked')),
      enrolled_at timestamptz not null, last_heard_at timestamptz, rights_known_at timestamptz,
      pending_count int4 not null default 0, oldest_pending_at timestamptz, clock_offset_ms int8 not null default 0,
      primary key (org_id, id))`,
    'create unique index device_code on device (org_id, branch_id, code)',

    `create table staff_login (
      org_id text not null, staff_id text not null, email text not null, password_hash text not null,
      primary key (org_id, staff_id))`,
    `create table refresh_token (
      org_id text not null, token_hash text not null, family text not null, staff_id text not null,
      expires_at timestamptz not null, used_at timestamptz,
      primary key (org_id, token_hash))`,
    'create index refresh_token_family on refresh_token (org_id, family)',
    `create table idempotency (
      org_id text not null, caller text not null, key text not null, fingerprint text not null,
      status int4 not null, body json not null, created_at timestamptz not null,
      primary key (org_id, caller, key))`,

    'create table account_directory (email text primary key, org_id text not null, staff_id text not null)',
    'create unique index account_directory_staff on account_directory (org_id, staff_id)',
    `create table enrolment_code (
      code_hash text primary key, org_id text not null, branch_id text, created_by text not null,
      expires_at timestamptz not null, used_at timestamptz, device_id text)`,

    ...ORG_TABLES.flatMap((table) => [
      `alter table ${table} enable row level security`,
      `create policy own_organisation on ${table} to chefcloud_app
        using (org_id = current_setting('app.org_id', true)) with check (org_id = current_setting('app.org_id', true))`,
      `grant select, insert, update, delete on ${table} to chefcloud_app`,
    ]),
    ...DIRECTORY_TABLES.map((table) => `grant select, insert, update, delete on ${table} to chefcloud_directory`),
  ],
};
