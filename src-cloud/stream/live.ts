import { createClusterWakeups } from '../services/cluster-wakeups.ts';
import { changesSource } from '../services/changes-source.ts';
import { KpiFeed } from '../services/kpi-feed.ts';
import { kpiSource } from '../services/kpi-query.ts';
import type { CloudContext } from '../context.ts';
import { ChangesFeed } from './changes-feed.ts';
import { type HubLimits, SseHub } from './sse-hub.ts';

/** Everything that is pushed: the one hub and what speaks on it. */
export interface Live {
  hub: SseHub;
  changes: ChangesFeed;
  kpis: KpiFeed;
  /** Ends every stream politely and stops all publishers. */
  close(): Promise<void>;
}

/** Connects hub and publishers to the wake-ups of this process and, on PostgreSQL, of the others. */
export async function createLive(ctx: CloudContext, limits: Partial<HubLimits> = {}): Promise<Live> {
  const { clock, log } = ctx;
  const hub = new SseHub({ clock, log, limits });
  const changes = new ChangesFeed({ hub, source: changesSource(ctx), clock, log });
  const kpis = new KpiFeed({ hub, source: kpiSource(ctx), clock, log });
  const leaveCluster = await createClusterWakeups({ database: ctx.database, wakeups: ctx.wakeups, clock, log });
  const unsubscribe = ctx.wakeups.subscribe((wakeup) => {
    changes.wake(wakeup);
    kpis.wake(wakeup);
  });
  return {
    hub,
    changes,
    kpis,
    async close() {
      unsubscribe();
      hub.close();
      changes.close();
      kpis.close();
      await leaveCluster();
    },
  };
}
