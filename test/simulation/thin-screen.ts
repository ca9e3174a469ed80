import { isDeepStrictEqual } from 'node:util';
import type { LiveRow } from '#shared/contract/bridge.ts';
import type { Kind } from '#shared/domain/entity.ts';
import type { Screen, Terminal } from '../../src-main/core/terminal.ts';
import { PIN } from './restaurant.ts';
import { Finding } from './sim-types.ts';
import type { Post, World } from './world.ts';

/** A screen of a terminal, as a tablet holds it: signs in, takes the snapshot, and from then on what it is told. */
export class ThinScreen {
  readonly #post: Post;
  readonly #rows = new Map<string, LiveRow>();
  #terminal: Terminal | undefined;
  #screen: Screen | undefined;
  #isFilled = false;

  constructor(post: Post) {
    this.#post = post;
  }

  /** The screen finds its terminal up again. A sign-in that a fault stops is tried again with the next start. */
  async connect(world: World): Promise<void> {
    const { terminal } = this.#post.host;
    if (terminal === undefined || terminal === this.#terminal) return;
    this.#terminal = terminal;
    this.#isFilled = false;
    this.#rows.clear();
    const person = this.#post.branch.staff.find(({ level }) => level === 'L5');
    try {
      const screen = terminal.openScreen({
        onEvent: (name, payload) => {
          if (name === 'live:rows') this.#take((payload as { rows: LiveRow[] }).rows);
        },
      });
      this.#screen = screen;
      await terminal.handleCall(screen, 'session:signIn', { staffId: person?.id, pin: PIN });
      const { rows } = await terminal.handleCall(screen, 'live:snapshot', {});
      this.#take(rows);
      this.#isFilled = true;
    } catch (error) {
      world.trace(`${this.#post.host.name}'s screen could not sign in: ${String(error)}`);
    }
  }

  #take(rows: readonly LiveRow[]): void {
    for (const row of rows) this.#rows.set(`${row.kind} ${row.id}`, row);
  }

  /** What it shows must be what its terminal has. */
  check(): void {
    const { host } = this.#post;
    const { terminal } = host;
    if (terminal === undefined || terminal !== this.#terminal || !this.#isFilled || this.#screen?.session === null)
      return;
    for (const { kind, id, body } of this.#rows.values()) {
      if (kind !== 'order' && kind !== 'ticket' && kind !== 'shift' && kind !== 'session') continue;
      const found = host.watched(() => terminal.find(kind as Kind, id));
      if (!isDeepStrictEqual(plain(found), plain(body)))
        throw new Finding(
          'screen',
          `${host.name}'s screen shows ${JSON.stringify(body)}, the till has ${JSON.stringify(found)}`,
        );
    }
  }
}

/** As it crosses the bridge. */
function plain(body: unknown): unknown {
  return body === undefined || body === null ? null : JSON.parse(JSON.stringify(body));
}
