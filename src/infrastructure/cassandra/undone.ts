import type { Decision } from '../../application/decision.ts';
import type { ShardNumber } from '../../domain/ids.ts';

type Group = { readonly pos: number; readonly bytes: number; undone: number };
/** The groups that hold a decision: more than one when it is committed again. */
type Holders = Group[];

/** Groups that may be open at once: a slot is written again only when its former group is done. */
export const maxOpenGroups = 250;
export const maxOpenBytes = 16 * 1024 * 1024;

/** What of a session's journal is not yet announced; `donePos` is the last group up to which everything is. */
export class UndoneDecisions {
  readonly #tenures = new Map<string, Map<number, Holders>>();
  #open: Group[] = [];
  #first = 0;
  #openBytes = 0;
  #donePos = -1;

  get donePos(): number {
    return this.#donePos;
  }
  get hasRoom(): boolean {
    return this.#open.length - this.#first < maxOpenGroups && this.#openBytes < maxOpenBytes;
  }
  get isEmpty(): boolean {
    return this.#tenures.size === 0;
  }
  has(shard: ShardNumber, epoch: number): boolean {
    return this.#tenures.has(tenureKey(shard, epoch));
  }

  /** Taken in, not yet journaled. */
  add({ shard, epoch, n }: Decision): void {
    const key = tenureKey(shard, epoch);
    let tenure = this.#tenures.get(key);
    if (tenure === undefined) {
      tenure = new Map();
      this.#tenures.set(key, tenure);
    }
    if (!tenure.has(n)) tenure.set(n, []);
  }

  journaled(pos: number, bytes: number, decisions: readonly Decision[]): void {
    const group: Group = { pos, bytes, undone: decisions.length };
    this.#open.push(group);
    this.#openBytes += bytes;
    for (const { shard, epoch, n } of decisions) this.#tenures.get(tenureKey(shard, epoch))!.get(n)!.push(group);
  }

  /** Those of other sessions, and those that are done already, are passed over. */
  announced(decisions: readonly Decision[]): void {
    for (const { shard, epoch, n } of decisions) {
      const key = tenureKey(shard, epoch);
      const tenure = this.#tenures.get(key);
      const holders = tenure?.get(n);
      if (tenure === undefined || holders === undefined) continue;
      for (const group of holders) group.undone--;
      tenure.delete(n);
      if (tenure.size === 0) this.#tenures.delete(key);
    }
    this.#advance();
  }

  #advance(): void {
    for (let group = this.#open[this.#first]; group?.undone === 0; group = this.#open[this.#first]) {
      this.#donePos = group.pos;
      this.#openBytes -= group.bytes;
      this.#first++;
    }
    if (this.#first > maxOpenGroups) {
      this.#open.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

const tenureKey = (shard: ShardNumber, epoch: number): string => `${shard}/${epoch}`;
