import type { Random } from './random.ts';
import type { Owner } from './scheduler.ts';

export type StoreFate = 'good' | 'refused' | 'lost' | 'unheard' | 'late' | 'doubled';

/** What may go wrong in one run, and how often: each kind is there in about half of the seeds, so that rare ones meet undisturbed. */
export class Faults {
  calm = false;
  /** An exception of the fakes themselves: the run is worth nothing. */
  broken: unknown;
  readonly #random: Random;
  readonly #cut = new Set<Owner>();
  readonly #odds;

  constructor(random: Random) {
    this.#random = random;
    const odds = (most: number) => (random.chance(0.5) ? random.between(0, most) : 0);
    this.#odds = {
      refused: odds(0.08),
      lost: odds(0.03),
      unheard: odds(0.08),
      late: odds(0.08),
      doubled: odds(0.1),
      slow: odds(0.2),
      replicaSlow: odds(0.3),
      replicaMissed: odds(0.25),
      nack: odds(0.06),
      confirmLost: odds(0.05),
      forwardLost: odds(0.1),
      policy: odds(0.1),
    };
  }

  /** Waits of one run, drawn once, so that the slow and the fast meet. */
  latencyMs(): number {
    const quick = this.#random.between(0.3, 4);
    return !this.calm && this.#random.chance(this.#odds.slow) ? this.#random.between(20, 900) : quick;
  }

  storeFate(owner: Owner, kind: 'ledger' | 'data'): StoreFate {
    if (this.#cut.has(owner)) return 'lost';
    if (this.calm) return 'good';
    let dice = this.#random.next();
    for (const fate of ['refused', 'lost', 'unheard', 'late', 'doubled'] as const) {
      dice -= this.#odds[fate] * (kind === 'ledger' ? 1.5 : 1);
      if (dice < 0) return fate;
    }
    return 'good';
  }

  /** 0: with the request; undefined: not before the cluster heals. */
  replicaDelayMs(): number | undefined {
    if (this.calm) return 0;
    const dice = this.#random.next();
    if (dice < this.#odds.replicaMissed) return undefined;
    return dice < this.#odds.replicaMissed + this.#odds.replicaSlow ? this.#random.between(1, 3_000) : 0;
  }

  cutStore(owner: Owner): void {
    this.#cut.add(owner);
  }
  mendStore(owner: Owner): void {
    this.#cut.delete(owner);
  }
  storeCut(owner: Owner): boolean {
    return this.#cut.has(owner);
  }
  happens(what: 'nack' | 'confirmLost' | 'forwardLost' | 'policy'): boolean {
    return !this.calm && this.#random.chance(this.#odds[what]);
  }
  defect(error: unknown): void {
    this.broken ??= error;
  }
}
