import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/helpers/free-port.ts';
import { type PostgresServer, startPostgres } from '../../test/helpers/postgres-server.ts';
import { CloudProcess } from '../replay/cloud-process.ts';
import { provePostgresFlushes } from './postgres-flush.ts';
import { readAcknowledged } from './read-stores.ts';
import { createRestaurant } from './restaurant.ts';
import { SellerProcess } from './seller-process.ts';
import { readTrace, straceCommand } from './strace.ts';
import { type FlushProof, proveTillFlushes } from './till-flush.ts';

export interface TraceOptions {
  /** The folder of PostgreSQL's programs; without it only the till is traced, against a cloud on PGlite. */
  postgresBinaries?: string;
  /** Settings of PostgreSQL besides the usual, `name=value`. */
  postgresSettings?: readonly string[];
  sales: number;
}

export interface TraceResult {
  till: FlushProof;
  postgres: FlushProof | undefined;
}

const SETTINGS = ['fsync=on', 'synchronous_commit=on', 'wal_sync_method=fdatasync'];

/**
 * Rings up sales on a till that runs under a trace of its system calls, with PostgreSQL under one too, until everything is
 * acknowledged, and shows a flush before each confirmation and each acknowledgement.
 */
export async function runTrace({ postgresBinaries, postgresSettings = [], sales }: TraceOptions): Promise<TraceResult> {
  const folder = mkdtempSync(join(tmpdir(), 'chefcloud-trace-'));
  // PostgreSQL runs as another account of the machine, and so does its trace.
  chmodSync(folder, 0o711);
  const traces = join(folder, 'traces');
  mkdirSync(traces);
  chmodSync(traces, 0o777);
  const traceOf = (name: string): string => join(traces, name);
  let postgres: PostgresServer | undefined;
  let cloud: CloudProcess | undefined;
  let seller: SellerProcess | undefined;
  try {
    if (postgresBinaries !== undefined)
      postgres = await startPostgres(postgresBinaries, {
        settings: [...SETTINGS, ...postgresSettings],
        wrapper: straceCommand(traceOf('postgres')),
      });
    const setupToken = randomBytes(18).toString('base64url');
    const env = { PORT: String(await freePort()), DATABASE_URL: postgres?.url ?? '' };
    cloud = new CloudProcess(join(folder, 'cloud'), setupToken, env);
    await cloud.start();
    const { ownerId, dataDirs } = await createRestaurant(cloud.url, setupToken, folder, 1);
    const [dataDir = ''] = dataDirs;
    let closed = 0;
    let confirmed = 0;
    const sold = Promise.withResolvers<void>();
    seller = new SellerProcess({
      dataDir,
      cloudUrl: cloud.url,
      actorId: ownerId,
      wrapper: straceCommand(traceOf('till')),
      onMessage: (message) => {
        if (message.said === 'confirmed') confirmed += 1;
        if (message.said === 'intent' && message.effects.some(({ kind }) => kind === 'close')) closed += 1;
        if (message.said === 'confirmed' && closed >= sales) sold.resolve();
      },
    });
    await seller.start();
    seller.sell(sales);
    await sold.promise;
    await seller.settle();
    await seller.stop();
    await cloud.stop();
    await postgres?.stop();
    const till = proveTillFlushes(readTrace(traceOf('till')), join(dataDir, 'terminal.db-wal'));
    if (till.proven < confirmed)
      till.problems.push(`the trace has ${till.proven} confirmations, the till sent ${confirmed}`);
    const proof =
      postgres === undefined
        ? undefined
        : provePostgresFlushes(readTrace(traceOf('postgres')), readAcknowledged(dataDir));
    return { till, postgres: proof };
  } finally {
    await seller?.kill();
    await cloud?.stop();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
