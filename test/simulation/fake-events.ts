import type { Answer } from '../../src/application/decision.ts';
import type { Announcement, EventLane, EventPublisher } from '../../src/application/ports/event-publisher.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import { type Owner, type Scheduler, world } from './scheduler.ts';
import type { Variant } from './variants.ts';

type Waiting = { readonly answer: Answer; readonly onConfirmed: () => void; confirmed: boolean };
export type EventWitness = {
  /** The broker has it. */
  taken(answer: Answer, owner: Owner): void;
  /** An instance hears so, and does now whatever follows from it; undefined when it is through. */
  confirming(answer: Answer | undefined): void;
};

type Line = { live: boolean; upAt: number };

/** The outbound half of the broker: events are taken in the order of their channel, confirmed late, refused one by one (nack), or
 *  the channel goes and nobody knows which of them were taken. */
export class FakeEvents {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #witness: EventWitness;
  readonly #variant: Variant;
  readonly #lanes = new Map<Owner, Set<() => void>>();

  constructor(scheduler: Scheduler, random: Random, faults: Faults, witness: EventWitness, variant: Variant) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
    this.#witness = witness;
    this.#variant = variant;
  }

  /** The publishing connection of an instance goes. */
  cut(owner: Owner): void {
    this.#scheduler.after(
      0,
      () => {
        for (const lost of [...(this.#lanes.get(owner) ?? [])]) lost();
      },
      owner,
    );
  }

  publisher(owner: Owner): EventPublisher {
    const lanes = new Set<() => void>();
    this.#lanes.set(owner, lanes);
    return { lane: () => this.#lane(owner, lanes) };
  }

  #lane(owner: Owner, lanes: Set<() => void>): EventLane {
    let open = true;
    let line: Line | undefined;
    let window: Waiting[] = [];
    let next = 0;
    const connect = () =>
      this.#scheduler.after(
        this.#random.between(1, 200),
        () => {
          if (!open) return;
          line = { live: true, upAt: 0 };
          pump(line);
        },
        owner,
      );
    /** From the first unconfirmed event on everything goes out again. */
    const lost = () => {
      if (!open || line === undefined) return;
      line.live = false;
      line = undefined;
      next = 0;
      if (this.#variant !== 'only-unconfirmed-again') for (const event of window) event.confirmed = false;
      connect();
    };
    const confirmed = (event: Waiting) => {
      event.confirmed = true;
      while (window[0]?.confirmed && next > 0) {
        next--;
        const { answer, onConfirmed } = window.shift()!;
        this.#witness.confirming(answer);
        onConfirmed();
        this.#witness.confirming(undefined);
      }
    };
    const send = (line: Line, event: Waiting) => {
      const { nowMs } = this.#scheduler;
      line.upAt = Math.max(line.upAt, nowMs + this.#faults.latencyMs());
      const refused = this.#faults.happens('nack') || this.#faults.mutes?.(owner, event.answer.chatId) === true;
      const unheard = this.#faults.happens('confirmLost');
      this.#scheduler.after(
        line.upAt - nowMs,
        () => {
          // What a closed lane or a lost channel has sent may still arrive, or not.
          if (!line.live && this.#random.chance(0.5)) return;
          if (!refused) this.#witness.taken(event.answer, owner);
          const answerMs = unheard ? 700 : this.#faults.latencyMs();
          this.#scheduler.after(
            answerMs,
            () => {
              if (!open || !line.live) return;
              if (refused || unheard) lost();
              else confirmed(event);
            },
            owner,
          );
        },
        world,
      );
    };
    const pump = (line: Line) => {
      for (; next < window.length; next++) {
        const event = window[next]!;
        if (!event.confirmed) send(line, event);
      }
    };
    lanes.add(lost);
    connect();
    return {
      publish: ({ answer }: Announcement, onConfirmed) => {
        if (!open) return;
        window.push({ answer, onConfirmed, confirmed: false });
        if (line !== undefined) pump(line);
      },
      close: () => {
        open = false;
        lanes.delete(lost);
        if (line !== undefined) line.live = false;
        window = [];
      },
    };
  }
}
