import type { Random } from './random.ts';
import type { Owner } from './scheduler.ts';

export type StoreFate = 'good' | 'refused' | 'lost' | 'unheard' | 'late' | 'doubled';
/** Decides by hand what becomes of a request; 'held': nobody hears of it, and it is applied when `apply` is called; a number: it
 *  arrives after so many milliseconds. */
export type Directed = (owner: Owner, query: string, apply: () => void) => StoreFate | 'held' | number | undefined;

/** What may go wrong in one run, and how often: each kind is there in about half of the seeds, so that rare ones meet undisturbed. */
export class Faults {
  calm = false;
  /** An exception of the fakes themselves: the run is worth nothing. */
  broken: unknown;
  /** How often each kind has happened. */
  readonly fired: Record<string, number> = {};
  /** Set by scenarios that are played by hand. */
  directed: Directed | undefined;
  /** Events that do not arrive, by hand. */
  mutes: ((owner: Owner, chat: string) => boolean) | undefined;
  /** Replicas that writes do not reach before the cluster heals, by hand. */
  misses: ((owner: Owner, replica: number) => boolean) | undefined;
  readonly #random: Random;
  readonly #cut = new Set<Owner>();
  readonly #odds;

  constructor(random: Random, quiet: boolean) {
    this.#random = random;
    const odds = (most: number) => (random.chance(quiet ? 0 : 0.5) ? random.between(0, most) : 0);
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

  fire(what: string): void {
    this.fired[what] = (this.fired[what] ?? 0) + 1;
  }

  /** Of one way; mostly quick, so that the slow and the fast meet. */
  latencyMs(): number {
    const quick = this.#random.between(0.3, 4);
    if (this.calm || !this.#random.chance(this.#odds.slow)) return quick;
    this.fire('slow');
    return this.#random.between(20, 900);
  }

  storeFate(owner: Owner, kind: 'ledger' | 'data'): StoreFate {
    if (this.#cut.has(owner)) {
      this.fire(`${kind} cut`);
      return 'lost';
    }
    if (this.calm) return 'good';
    let dice = this.#random.next();
    for (const fate of ['refused', 'lost', 'unheard', 'late', 'doubled'] as const) {
      dice -= this.#odds[fate] * (kind === 'ledger' ? 1.5 : 1);
      if (dice >= 0) continue;
      this.fire(`${kind} ${fate}`);
      return fate;
    }
    return 'good';
  }

  /** 0: with the request; undefined: not before the cluster heals. */
  replicaDelayMs(owner: Owner, replica: number): number | undefined {
    if (this.calm) return 0;
    if (this.misses?.(owner, replica)) return undefined;
    const dice = this.#random.next() - this.#odds.replicaMissed;
    if (dice < 0) this.fire('replica missed');
    else if (dice < this.#odds.replicaSlow) this.fire('replica late');
    if (dice < 0) return undefined;
    return dice < this.#odds.replicaSlow ? this.#random.between(1, 3_000) : 0;
  }

  /** From here on nothing goes wrong. */
  end(): void {
    this.calm = true;
    this.directed = undefined;
    this.mutes = undefined;
    this.misses = undefined;
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
    if (this.calm || !this.#random.chance(this.#odds[what])) return false;
    this.fire(what);
    return true;
  }
  defect(error: unknown): void {
    this.broken ??= error;
  }
}
