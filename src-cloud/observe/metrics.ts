import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HubStats } from '../stream/sse-hub.ts';

const HTTP_BUCKETS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const QUERY_BUCKETS_MS = [0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000];

/** Memory, CPU and event loop belong to the process, however many clouds a test builds in it. */
let processRegistry: Registry | undefined;

function processMetrics(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

/** Everything that /metrics tells. */
export interface Metrics {
  /** `endpoint`: method and route pattern. Errors (400 and above) are counted too. */
  countRequest(endpoint: string, status: number, durationMs: number): void;
  countQuery(sql: string, durationMs: number): void;
  countPushed(outcome: string): void;
  /** The text of all metrics in Prometheus's format. */
  text(): Promise<string>;
  contentType: string;
}

export function createMetrics(hubStats: () => HubStats): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const http = new Histogram({
    name: 'http_request_duration_ms',
    help: 'Time from a request to its answer, in milliseconds',
    labelNames: ['endpoint'] as const,
    buckets: HTTP_BUCKETS_MS,
    registers,
  });
  const query = new Histogram({
    name: 'db_query_duration_ms',
    help: 'Time of one database statement, in milliseconds',
    labelNames: ['query_type'] as const,
    buckets: QUERY_BUCKETS_MS,
    registers,
  });
  const errors = new Counter({
    name: 'error_rate',
    help: 'Answers with a status of 400 and above; take rate() of it',
    labelNames: ['endpoint', 'status'] as const,
    registers,
  });
  const pushed = new Counter({
    name: 'push_entries_total',
    help: 'Commands that terminals sent, by what became of them',
    labelNames: ['status'] as const,
    registers,
  });
  collectHub(registers, hubStats);
  return {
    countRequest(endpoint, status, durationMs) {
      http.observe({ endpoint }, durationMs);
      if (status >= 400) errors.inc({ endpoint, status });
    },
    countQuery: (text, durationMs) => query.observe({ query_type: queryType(text) }, durationMs),
    countPushed: (status) => pushed.inc({ status }),
    text: async () => `${await registry.metrics()}\n${await processMetrics().metrics()}`,
    contentType: registry.contentType,
  };
}

/** What the hub says of itself, read when somebody asks. */
function collectHub(registers: Registry[], hubStats: () => HubStats): void {
  const clients = new Gauge({
    name: 'sse_clients',
    help: 'Open streams',
    labelNames: ['stream'] as const,
    registers,
    collect() {
      this.reset();
      for (const [stream, count] of Object.entries(hubStats().clientsByStream)) this.set({ stream }, count);
    },
  });
  clients.set({ stream: 'changes' }, 0);
  const gauge = (name: string, help: string, read: (stats: HubStats) => number): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: () => {
        made.set(read(hubStats()));
      },
    });
  };
  gauge('sse_channels', 'Channels that somebody listens to', (stats) => stats.channels);
  gauge('sse_opened_total', 'Streams opened since the start', (stats) => stats.opened);
  gauge('sse_events_total', 'Events said since the start; those of one turn count as one', (stats) => stats.events);
  gauge('sse_deliveries_total', 'Events times the streams they went to', (stats) => stats.deliveries);
  gauge('sse_bytes_total', 'Bytes given to streams since the start', (stats) => stats.bytes);
  const closed = new Gauge({
    name: 'sse_closed_total',
    help: 'Streams closed since the start, by reason',
    labelNames: ['reason'] as const,
    registers,
    collect: () => {
      for (const [reason, count] of Object.entries(hubStats().closed)) closed.set({ reason }, count);
    },
  });
}

const QUERY_TYPES = new Set(['select', 'insert', 'update', 'delete', 'with', 'begin', 'commit', 'rollback']);

/** The first word of a statement; `other` for what is none of the usual. */
export function queryType(text: string): string {
  const word = /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? '';
  return QUERY_TYPES.has(word) ? word : 'other';
}
