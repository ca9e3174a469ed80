import type { Clock } from '#shared/kernel/clock.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import type { StreamLog } from './sse-hub.ts';

/** Well within the time after which a terminal no longer counts as online. */
const EVERY_MS = 20_000;

export interface DevicePresenceParts {
  /** The terminals that hold a stream open in this process. */
  listening(): Iterable<{ orgId: string; deviceId: string }>;
  /** Notes that these terminals of an organisation were heard at `at`. */
  note(orgId: string, deviceIds: readonly string[], at: string): Promise<void>;
  clock: Clock;
  log: StreamLog;
}

/**
 * A terminal that holds its stream is heard although it sends nothing: this writes it down every 20 s, one statement an
 * organisation, so that every instance knows and people read a true "last heard". It rests while no terminal listens.
 */
export class DevicePresence {
  readonly #parts: DevicePresenceParts;
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: DevicePresenceParts) {
    this.#parts = parts;
  }

  /** A terminal has opened its stream. */
  opened(): void {
    if (this.#cancel !== undefined || this.#isClosed) return;
    this.#cancel = this.#parts.clock.after(EVERY_MS, () => {
      this.#cancel = undefined;
      this.#running = this.#note();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#running;
  }

  async #note(): Promise<void> {
    const byOrg = new Map<string, Set<string>>();
    for (const { orgId, deviceId } of this.#parts.listening()) {
      const known = byOrg.get(orgId);
      if (known === undefined) byOrg.set(orgId, new Set([deviceId]));
      else known.add(deviceId);
    }
    if (byOrg.size === 0) return;
    this.opened();
    const at = isoAt(this.#parts.clock.now());
    for (const [orgId, deviceIds] of byOrg) {
      try {
        await this.#parts.note(orgId, [...deviceIds], at);
      } catch (error) {
        this.#parts.log.warn(
          { event: 'presence-failed', orgId, err: error },
          'terminals that listen could not be noted',
        );
      }
    }
  }
}
