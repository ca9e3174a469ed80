import type { Generated } from 'kysely';
import type { Kind } from '#shared/domain/entity.ts';

/** JSON as PostgreSQL hands it out. */
export type JsonObject = Record<string, unknown>;

/** Times are ISO texts, int8 is a number, jsonb is parsed: the same on both engines (see database.ts). */
export interface Schema {
  schema_migration: { number: number; name: string; applied_at: string };
  counter: {
    org_id: string;
    scope: string;
    seq: number;
    token: string;
    audit_n: Generated<number>;
    audit_hash: Generated<string>;
  };
  counter_token: { org_id: string; scope: string; seq: number; token: string; at: string };
  entity: {
    org_id: string;
    kind: Kind;
    id: string;
    scope: string;
    seq: number;
    state: string | null;
    day: string | null;
    body: JsonObject;
    updated_at: string;
  };
  command: {
    org_id: string;
    id: string;
    branch_id: string;
    device_id: string;
    incarnation: string | null;
    seq: number | null;
    lamport: number;
    name: string;
    version: number;
    actor_id: string;
    approved_by: string | null;
    device_at: string | null;
    received_at: string;
    status: 'applied' | 'rejected';
    outcome: JsonObject;
    visible_org: number;
    visible_branch: number;
    body: string;
  };
  watermark: {
    org_id: string;
    device_id: string;
    incarnation: string;
    branch_id: string;
    seq: number;
    lamport: number;
    /** The rolling hash over the texts of the series up to `seq`; null: begun before there was one. */
    head_hash: Generated<string | null>;
    told_seq: Generated<number | null>;
    told_hash: Generated<string | null>;
  };
  audit_line: { org_id: string; scope: string; n: number; prev: string; hash: string; content: string };
  quarantine: {
    org_id: string;
    device_id: string;
    incarnation: string;
    seq: number;
    id: string;
    branch_id: string;
    received_at: string;
    entry: string;
    status: Generated<'held' | 'accepted' | 'left'>;
    decided_by: Generated<string | null>;
    decided_at: Generated<string | null>;
  };
  order_day: DayFigures & { order_id: string };
  day_rollup: DayFigures;
  kpi_sample: {
    org_id: string;
    branch_id: string;
    day: string;
    hour: number;
    open_orders: number;
    tables_occupied: number;
    on_shift_now: number;
    stock_at_risk: number;
    anomalies_today: number;
  };
  device: {
    org_id: string;
    id: string;
    branch_id: string;
    code: string;
    name: string;
    public_key: string;
    status: 'active' | 'revoked';
    enrolled_at: string;
    last_heard_at: string | null;
    rights_known_at: string | null;
    pending_count: number;
    oldest_pending_at: string | null;
    clock_offset_ms: number;
    /** It pushes at least every minute, with or without entries. */
    beats: Generated<boolean>;
  };
  staff_login: { org_id: string; staff_id: string; email: string; password_hash: string };
  refresh_token: {
    org_id: string;
    family: string;
    token_hash: string;
    staff_id: string;
    expires_at: string;
    used_at: string | null;
  };
  idempotency: {
    org_id: string;
    caller: string;
    key: string;
    fingerprint: string;
    status: number;
    body: JsonObject;
    created_at: string;
  };
  account_directory: { email: string; org_id: string; staff_id: string };
  enrolment_code: {
    code_hash: string;
    org_id: string;
    branch_id: string | null;
    created_by: string;
    expires_at: string;
    used_at: string | null;
    device_id: string | null;
  };
}

interface DayFigures {
  org_id: string;
  branch_id: string;
  day: string;
  sales_minor: number;
  cash_minor: number;
  momo_minor: number;
  card_minor: number;
  orders: number;
}
