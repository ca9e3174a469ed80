import type { ConfirmedCommand, LedgerEvents } from '../sim-types.ts';

/** Everything that tills have confirmed in a run, outside of tills and cloud. */
export class Ledger implements LedgerEvents {
  /** In the order in which it was confirmed. */
  readonly commands: ConfirmedCommand[] = [];
  readonly #byId = new Map<string, ConfirmedCommand>();
  readonly #byDevice = new Map<string, ConfirmedCommand[]>();
  readonly #excused = new Set<string>();
  readonly #poisoned = new Set<string>();
  readonly #diskLostAt = new Map<string, number>();
  #restoredAt = -1;

  confirmed(command: ConfirmedCommand): void {
    if (this.#byId.has(command.commandId)) throw new TypeError(`${command.commandId} was confirmed twice`);
    this.#byId.set(command.commandId, command);
    this.commands.push(command);
    const own = this.#byDevice.get(command.deviceId);
    if (own === undefined) this.#byDevice.set(command.deviceId, [command]);
    else own.push(command);
  }

  diskLost(deviceId: string, commandIds: readonly string[]): void {
    for (const id of commandIds) this.#excused.add(id);
    this.#diskLostAt.set(deviceId, this.of(deviceId).length);
  }

  cloudRestored(): void {
    this.#restoredAt = this.commands.length;
  }

  poisoned(commandId: string): void {
    this.#poisoned.add(commandId);
  }

  /** Whether the run has made this command fail inside wherever it is run again. */
  isPoisoned(commandId: string): boolean {
    return this.#poisoned.has(commandId);
  }

  find(commandId: string): ConfirmedCommand | undefined {
    return this.#byId.get(commandId);
  }

  /** What a device has confirmed, oldest first. */
  of(deviceId: string): readonly ConfirmedCommand[] {
    return this.#byDevice.get(deviceId) ?? [];
  }

  isExcused(commandId: string): boolean {
    return this.#excused.has(commandId);
  }

  /** How many commands a device had confirmed when its disk was last put back; 0 when that never happened. */
  diskLostAfter(deviceId: string): number {
    return this.#diskLostAt.get(deviceId) ?? 0;
  }

  /** Whether the cloud was ever put back to an older state. */
  get wasCloudRestored(): boolean {
    return this.#restoredAt >= 0;
  }

  /** Whether any disk of a terminal was ever put back to an older state. */
  get wasDiskLost(): boolean {
    return this.#diskLostAt.size > 0;
  }
}
