import { createClusterWakeups } from '../services/cluster-wakeups.ts';
import { changesSource } from '../services/changes-source.ts';
import { KpiFeed } from '../services/kpi-feed.ts';
import { kpiSource } from '../services/kpi-query.ts';
import type { CloudContext } from '../context.ts';
import { withOrg } from '../store/with-org.ts';
import { ChangesFeed } from './changes-feed.ts';
import { DevicePresence } from './device-presence.ts';
import { type HubLimits, SseHub } from './sse-hub.ts';

/** Everything that is pushed: the one hub and what speaks on it. */
export interface Live {
  hub: SseHub;
  changes: ChangesFeed;
  kpis: KpiFeed;
  presence: DevicePresence;
  /** Ends every stream politely and stops all publishers. */
  close(): Promise<void>;
}

/** Connects hub and publishers to the wake-ups of this process and, on PostgreSQL, of the others. */
export async function createLive(ctx: CloudContext, limits: Partial<HubLimits> = {}): Promise<Live> {
  const { clock, log } = ctx;
  const hub = new SseHub({ clock, log, limits });
  const changes = new ChangesFeed({ hub, source: changesSource(ctx), clock, log });
  const kpis = new KpiFeed({ hub, source: kpiSource(ctx), clock, log });
  const presence = new DevicePresence({
    listening: () => listeningDevices(hub),
    note: (orgId, deviceIds, at) => noteHeard(ctx, hub, orgId, deviceIds, at),
    clock,
    log,
  });
  const leaveCluster = await createClusterWakeups({ database: ctx.database, wakeups: ctx.wakeups, clock, log });
  const unsubscribe = ctx.wakeups.subscribe((wakeup) => {
    changes.wake(wakeup);
    kpis.wake(wakeup);
  });
  return {
    hub,
    changes,
    kpis,
    presence,
    async close() {
      unsubscribe();
      hub.close();
      changes.close();
      kpis.close();
      await presence.close();
      await leaveCluster();
    },
  };
}

const DEVICE = 'device:';

/** The subject of a terminal's stream. */
export function deviceSubject(deviceId: string): string {
  return `${DEVICE}${deviceId}`;
}

function* listeningDevices(hub: SseHub): Iterable<{ orgId: string; deviceId: string }> {
  for (const { subject, orgId } of hub.listeners()) {
    if (subject.startsWith(DEVICE)) yield { orgId, deviceId: subject.slice(DEVICE.length) };
  }
}

/** Notes the terminals as heard; the streams of those that were switched off meanwhile are closed, on every instance. */
async function noteHeard(
  ctx: CloudContext,
  hub: SseHub,
  orgId: string,
  deviceIds: readonly string[],
  at: string,
): Promise<void> {
  const revoked = await withOrg(ctx.database.db, orgId, async (tx) => {
    await tx
      .updateTable('device')
      .set({ last_heard_at: at })
      .where('org_id', '=', orgId)
      .where('id', 'in', [...deviceIds])
      .where('status', '=', 'active')
      // What a terminal says itself is truer than a stream that may hang on a cut cable.
      .where('beats', '=', false)
      .where((where) => where.or([where('last_heard_at', 'is', null), where('last_heard_at', '<', at)]))
      .execute();
    return tx
      .selectFrom('device')
      .select('id')
      .where('org_id', '=', orgId)
      .where('id', 'in', [...deviceIds])
      .where('status', '=', 'revoked')
      .execute();
  });
  if (revoked.length === 0) return;
  const subjects = new Set(revoked.map(({ id }) => deviceSubject(id)));
  hub.disconnect((listener) => listener.orgId === orgId && subjects.has(listener.subject));
}
