import type { Command } from '../../src/domain/chat/command.ts';
import type { Faults } from './faults.ts';
import { type Owner, type Scheduler, world } from './scheduler.ts';

export type Message = { readonly command: Command; redelivered: boolean };

/** One life of one consuming channel. What its two ends know of each other travels in order, and may be late. */
export class Channel {
  /** As the client believes. */
  live = true;
  /** As the broker believes. */
  open = true;
  readonly unacked: Message[] = [];
  readonly owner: Owner;
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  #upAt = 0;
  #downAt = 0;

  constructor(owner: Owner, scheduler: Scheduler, faults: Faults) {
    this.owner = owner;
    this.#scheduler = scheduler;
    this.#faults = faults;
  }

  up(arrive: () => void): void {
    const { nowMs } = this.#scheduler;
    this.#upAt = Math.max(this.#upAt, nowMs + this.#faults.latencyMs());
    this.#scheduler.after(this.#upAt - nowMs, () => this.open && arrive(), world);
  }

  down(arrive: () => void): void {
    const { nowMs } = this.#scheduler;
    this.#downAt = Math.max(this.#downAt, nowMs + this.#faults.latencyMs());
    this.#scheduler.after(this.#downAt - nowMs, () => this.live && arrive(), this.owner);
  }
}
