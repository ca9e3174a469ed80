import { numberOf, textOf } from '../ledger/deed.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type ConfirmedCommand, Finding, type SimTerminal, type SimWorld } from '../sim-types.ts';

type View = NonNullable<SimTerminal['terminal']>;

/** Something that only one terminal has acted on so far: its screens must show exactly what it did. */
interface Sole {
  deviceId: string | undefined;
  commands: ConfirmedCommand[];
}

const TICKET_AFTER: Record<string, string> = {
  'ticket.start': 'started',
  'ticket.bumpLine': 'started',
  'ticket.bump': 'bumped',
  'ticket.recall': 'started',
  'ticket.serve': 'served',
};

/** What of the newest is looked at after each step. */
const NEWEST = 12;

/**
 * A ticket, a stock item, a dish that has run out: touched by one terminal alone, it is shown there as that terminal left
 * it: no older state, nothing counted twice.
 */
export class SoleActorLaws {
  readonly #world: SimWorld;
  readonly #ledger: Ledger;
  readonly #soles = new Map<string, Sole>();
  readonly #initialStock = new Map<string, number>();
  #read = 0;

  constructor(world: SimWorld, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  check(isThorough: boolean): void {
    this.#takeIn();
    const keys = [...this.#soles.keys()];
    for (const key of isThorough ? keys : keys.slice(-NEWEST)) {
      const sole = this.#soles.get(key);
      if (sole?.deviceId === undefined) continue;
      const sim = this.#world.terminals.find(({ deviceId }) => deviceId === sole.deviceId);
      if (sim?.terminal === undefined || this.#ledger.diskLostAfter(sim.deviceId) > 0) continue;
      this.#hold(key, sole, sim, sim.terminal);
    }
  }

  #takeIn(): void {
    for (const command of this.#ledger.commands.slice(this.#read)) {
      const key = keyOf(command);
      if (key === undefined) continue;
      const sole = this.#soles.get(key);
      if (sole === undefined) this.#soles.set(key, { deviceId: command.deviceId, commands: [command] });
      else {
        sole.commands.push(command);
        if (sole.deviceId !== command.deviceId) sole.deviceId = undefined;
        // The newest last.
        this.#soles.delete(key);
        this.#soles.set(key, sole);
      }
    }
    this.#read = this.#ledger.commands.length;
  }

  #hold(key: string, { commands }: Sole, sim: SimTerminal, view: View): void {
    const problem = this.#problem(key, commands, view);
    if (problem === undefined) return;
    // Only now, since it is rare: what was refused, or never ran, has no effect to be shown.
    const counting = commands.filter((command) => !this.#isWithout(command, sim));
    if (counting.length < commands.length && this.#problem(key, counting, view) === undefined) return;
    if (counting.length === 0) return;
    throw new Finding('sole-actor', `${sim.name} alone has acted on ${key}, and ${problem}`);
  }

  /** Refused, lost with a disk, or (a dish, which a run may poison) still to be answered: then a re-run may show nothing of it. */
  #isWithout({ commandId, name }: ConfirmedCommand, sim: SimTerminal): boolean {
    const [row] = sim.query<{ status: string }>('SELECT status FROM outbox WHERE id = ?', [commandId]);
    if (name === 'menu.set86' && row?.status !== 'SUCCESS') return true;
    return row?.status === 'FAILED' || this.#ledger.isExcused(commandId);
  }

  #problem(key: string, commands: readonly ConfirmedCommand[], view: View): string | undefined {
    const last = commands.at(-1);
    if (last === undefined) return undefined;
    const id = key.slice(key.indexOf(' ') + 1);
    if (key.startsWith('ticket')) {
      const ticket = view.find('ticket', id);
      const wanted = TICKET_AFTER[last.name];
      // It may have moved to the ticket of a follow-up order.
      if (ticket === undefined || ticket.status === wanted) return undefined;
      return `shows it as ${ticket.status}, not ${wanted}`;
    }
    if (key.startsWith('dish')) {
      const shown = view.list('availability').find(({ itemId }) => itemId === id)?.is86;
      return shown === last.input['is86'] ? undefined : `shows is86 ${shown}, not ${String(last.input['is86'])}`;
    }
    const onHand = view.find('stockItem', id)?.onHandMilli;
    const moved = commands.reduce((sum, command) => sum + numberOf(command, 'deltaMilli'), 0);
    const initial = this.#initialStock.get(id);
    if (initial === undefined) {
      if (onHand !== undefined) this.#initialStock.set(id, onHand - moved);
      return undefined;
    }
    return onHand === initial + moved ? undefined : `shows ${onHand}, not ${initial} with ${moved}`;
  }
}

function keyOf(command: ConfirmedCommand): string | undefined {
  if (command.name.startsWith('ticket.')) return `ticket ${textOf(command, 'ticketId')}`;
  if (command.name === 'stock.adjust') return `stock ${textOf(command, 'stockItemId')}`;
  if (command.name === 'menu.set86') return `dish ${textOf(command, 'itemId')}`;
  return undefined;
}
