import type { Decision } from '../../application/decision.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { emptyGroup, type GroupSize, together } from './group-size.ts';
import type { PendingDecision } from './pending-commit.ts';

/** A decision that is not yet announced, and the open groups that hold it: more than one when it is committed again, and while a
 *  group that carries it is on its way. */
type Undone = { decision: Decision; readonly bytes: number; groups: readonly Group[] };
/** `stored`: its bytes in the journal; `undone`, `bytes`: of what is undone of all that it holds, and that before compression. `alone`: a list of it
 *  alone, which what lies in no other group has in common. */
type Group = {
  readonly pos: number;
  readonly stored: number;
  readonly holds: Undone[];
  readonly alone: readonly Group[];
  undone: number;
  bytes: number;
};

/** Undone decisions that are journaled once more, so that their first groups may be done. */
export type Carried = { readonly decisions: readonly Decision[]; readonly size: GroupSize };
const nothing: Carried = { decisions: [], size: emptyGroup };

/** Groups that may be open at once: a slot is written again only when its former group is done. One more, that only carries, still
 *  fits into the ring of slots. */
export const maxOpenGroups = 250;
export const maxOpenBytes = 16 * 1024 * 1024;

/** What of a session's journal is not yet announced; `donePos` is the last group up to which everything is announced, or carried
 *  in a later group: one shard that cannot publish, or one chat that cannot be projected, does not stop the others (ADR-002). Such
 *  a shard is soon not taken from any more, without a rule of its own: a command is acked only when it is announced, and the
 *  broker sends no more than the prefetch before that. */
export class UndoneDecisions {
  readonly #tenures = new Map<number, Map<number, Undone>>();
  #open: Group[] = [];
  #first = 0;
  #openBytes = 0;
  #donePos = -1;

  get donePos(): number {
    return this.#donePos;
  }
  get hasRoom(): boolean {
    return this.openGroups < maxOpenGroups && this.#openBytes < maxOpenBytes;
  }
  get isEmpty(): boolean {
    return this.#tenures.size === 0;
  }
  has(shard: ShardNumber, epoch: number): boolean {
    return this.#tenures.has(tenureKey(shard, epoch));
  }

  /** Taken in, not yet journaled. */
  add({ decision, json }: Pick<PendingDecision, 'decision' | 'json'>): void {
    const key = tenureKey(decision.shard, decision.epoch);
    let tenure = this.#tenures.get(key);
    if (tenure === undefined) {
      tenure = new Map();
      this.#tenures.set(key, tenure);
    }
    if (!tenure.has(decision.n)) tenure.set(decision.n, { decision, bytes: json.byteLength, groups: noGroups });
  }

  /** Counts a group as open from before it is sent: while its outcome is unknown its slot is not to be used again. */
  opened(pos: number, stored: number, decisions: readonly Decision[]): void {
    const alone: Group[] = [];
    const group: Group = { pos, stored, holds: [], alone, undone: 0, bytes: 0 };
    alone.push(group);
    this.#open.push(group);
    this.#openBytes += stored;
    for (const { shard, epoch, n } of decisions) {
      const undone = this.#tenures.get(tenureKey(shard, epoch))?.get(n);
      if (undone === undefined || undone.groups.at(-1) === group) continue;
      undone.groups = undone.groups.length === 0 ? alone : [...undone.groups, group];
      group.holds.push(undone);
      group.undone++;
      group.bytes += undone.bytes;
    }
  }

  /** The group that was opened last is in the journal: from now on the older ones need not hold what it holds. */
  applied(): void {
    const last = this.#open.at(-1);
    // Passed already when everything in it was announced while it was on its way.
    if (last === undefined) return;
    for (const undone of last.holds) {
      if (undone.groups.length < 2) continue;
      for (const group of undone.groups) if (group !== last) letGo(group, undone);
      undone.groups = last.alone;
    }
    this.#advance();
  }

  /** Those of other sessions, and those that are done already, are passed over. */
  announced(decisions: readonly Decision[]): void {
    for (const { shard, epoch, n } of decisions) {
      const key = tenureKey(shard, epoch);
      const tenure = this.#tenures.get(key);
      const undone = tenure?.get(n);
      if (tenure === undefined || undone === undefined) continue;
      for (const group of undone.groups) letGo(group, undone);
      // What a Map has outgrown points to it until V8's next full collection (outbox.ts, `forget`).
      undone.decision = undefined as never;
      undone.groups = noGroups;
      tenure.delete(n);
      if (tenure.size === 0) this.#tenures.delete(key);
    }
    this.#advance();
  }

  /** What of the oldest groups the next append is to carry, from half of the bounds on: as many groups as fit into it. Nothing when
   *  all that is undone would still take more than half of the open groups: it would go round and round, and make no room. */
  toCarry(): Carried {
    if (this.openGroups < maxOpenGroups / 2 && this.#openBytes < maxOpenBytes / 2) return nothing;
    const packs = packed(this.#open.slice(this.#first));
    const [oldest] = packs;
    if (oldest === undefined || packs.length > this.openGroups / 2) return nothing;
    const decisions = oldest.groups.flatMap(undoneOf);
    return { decisions, size: oldest.size };
  }

  get openGroups(): number {
    return this.#open.length - this.#first;
  }

  #advance(): void {
    for (let group = this.#open[this.#first]; group?.undone === 0; group = this.#open[this.#first]) {
      this.#donePos = group.pos;
      this.#openBytes -= group.stored;
      group.holds.length = 0; // it stays in the list for a while
      this.#first++;
    }
    if (this.#first > maxOpenGroups) {
      this.#open.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

type Pack = { readonly groups: Group[]; size: GroupSize };

/** What is undone of each group put together, in their order, as far as it fits into one. */
const packed = (groups: readonly Group[]): Pack[] => {
  const packs: Pack[] = [];
  for (const group of groups) {
    const { undone, bytes } = group;
    if (undone === 0) continue;
    const last = packs.at(-1);
    const size = last && together(last.size, undone, bytes);
    if (last === undefined || size === undefined) {
      packs.push({ groups: [group], size: { decisions: undone, bytes } });
    } else {
      last.groups.push(group);
      last.size = size;
    }
  }
  return packs;
};

const undoneOf = (group: Group): readonly Decision[] =>
  group.holds.filter(({ groups }) => groups.includes(group)).map(({ decision }) => decision);

/** Once for each of the groups that it names. */
const letGo = (group: Group, { bytes }: Undone): void => {
  group.undone--;
  group.bytes -= bytes;
};

const noGroups: readonly Group[] = [];

/** SHARDS is 256 at most. */
const tenureKey = (shard: ShardNumber, epoch: number): number => epoch * 1024 + shard;
