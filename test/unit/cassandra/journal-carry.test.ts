import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import { SessionLost } from '../../../src/application/ports/chat-store.ts';
import { noTelemetry } from '../../../src/application/ports/telemetry.ts';
import { chatId, shardNumber } from '../../../src/domain/ids.ts';
import { Committer } from '../../../src/infrastructure/cassandra/committer.ts';
import type { BoundStatement } from '../../../src/infrastructure/cassandra/data-access.ts';
import { decodeGroup, journalJson } from '../../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries, ringSlots } from '../../../src/infrastructure/cassandra/journal-statements.ts';
import { maxOpenGroups } from '../../../src/infrastructure/cassandra/undone.ts';
import { SystemClock } from '../../../src/infrastructure/system/system-clock.ts';
import { silentLogger } from '../../support/cassandra-cell.ts';
import { ChatWriter, numbering, withBody } from '../../support/decisions.ts';
import { until } from '../../support/until.ts';
import { FakeJournalRow } from './fake-journal-row.ts';
import { copyOf, undoneIn } from './fake-taker.ts';

const half = maxOpenGroups / 2;
const stuckShard = shardNumber(0);
const flowingShard = shardNumber(1);
/** Two of them do not fit into one append. */
const large = 'x'.repeat(140_000);

/** Keeps what a taker would find after every statement that was applied. */
class WatchedRow extends FakeJournalRow {
  onApplied: () => void = () => {};
  override apply(call: Parameters<FakeJournalRow['apply']>[0]): Record<string, unknown> {
    const answer = super.apply(call);
    if (answer['[applied]'] === true) this.onApplied();
    return answer;
  }
}

/** Waits for nothing: a statement is sent again at once. */
class HastyClock extends SystemClock {
  override sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return super.sleep(0, signal);
  }
}

describe('A journal in which something stays undone', { timeout: 60_000 }, () => {
  let row: WatchedRow;
  let written: BoundStatement[];
  let failing: (batch: readonly BoundStatement[]) => boolean;
  let committer: Committer;
  let stuck: ChatWriter;
  let flowing: ChatWriter;

  beforeEach(() => {
    row = new WatchedRow();
    written = [];
    failing = () => false;
    committer = new Committer({
      session: 's',
      ledger: row as never,
      data: {
        write: (statements, done) => {
          const fails = failing(statements);
          if (!fails) written.push(...statements);
          setImmediate(done, fails ? new Error('no quorum') : undefined);
        },
      },
      clock: new HastyClock(),
      logger: silentLogger,
      sessionTimeoutMs: 5_000,
      telemetry: noTelemetry,
    });
    stuck = new ChatWriter(chatId('stuck'), numbering({ shard: stuckShard, epoch: 1 }));
    flowing = new ChatWriter(chatId('flowing'), numbering({ shard: flowingShard, epoch: 1 }));
    first = true;
  });
  afterEach(() => committer.journal.stop(new SessionLost('the test is over')));

  let first: boolean;
  const next = (): Decision => {
    const decision = first ? flowing.create() : flowing.post();
    first = false;
    return decision;
  };
  /** So many groups of the other shard, each journaled and announced before the next. */
  const flow = async (groups: number, decisionsEach = 1): Promise<void> => {
    for (let group = 0; group < groups; group++) {
      const decisions = Array.from({ length: decisionsEach }, next);
      await committer.commit(decisions);
      committer.journal.announced(decisions);
    }
  };
  const commitEach = async (decisions: readonly Decision[]): Promise<void> => {
    for (const decision of decisions) await committer.commit([decision]);
  };
  const longPosts = (count: number, body: string): Decision[] => stuck.posts(count).map((post) => withBody(post, body));
  const groupsSent = (): Decision[][] => row.appends.map(({ params }) => decodeGroup(params[3] as Buffer));
  const foundOfStuck = async (of: FakeJournalRow = row): Promise<readonly Decision[]> =>
    (await undoneIn(copyOf(of))).get(stuckShard) ?? [];

  it('takes more than 1,000 groups of another shard, and a taker finds what is undone whenever it comes', async () => {
    const undone = [stuck.create(), ...stuck.posts(3)];
    await commitEach(undone);
    const copies: FakeJournalRow[] = [];
    row.onApplied = () => copies.push(copyOf(row));
    await flow(1_100);
    expect(copies).toHaveLength(1_100);
    // In every state of the ring: 7 has no factor in common with the groups between two that carry.
    for (let index = 0; index < copies.length; index += 7) expect(await foundOfStuck(copies[index])).toEqual(undone);
    expect(row.donePos).toBeGreaterThan(row.nextPos - half - 2);
    expect(committer.journal.hasUndoneOf(stuckShard, 1)).toBe(true);
    expect(committer.journal.hasUndoneOf(flowingShard, 1)).toBe(false);
  });

  it('keeps for a taker whatever was not announced, in order and once, however announcements come', async () => {
    const random = pseudoRandom(42);
    const writers = [0, 1, 2, 3].map(
      (shard) => new ChatWriter(chatId(`c${shard}`), numbering({ shard: shardNumber(shard), epoch: 1 })),
    );
    const open = new Set<Decision>();
    const copies: { row: FakeJournalRow; due: Decision[] }[] = [];
    // What is on its way counts from its answer on.
    row.onApplied = () => copies.push({ row: copyOf(row), due: [...open] });
    row.fate = () => (['answered', 'answered', 'answered', 'answer lost', 'lost'] as const)[random(5)]!;
    for (let turn = 0; turn < 400; turn++) {
      const decisions = Array.from({ length: 1 + random(3) }, () => writers[random(4)]!).map((writer) =>
        writer.state === undefined ? writer.create() : withBody(writer.post(), 'x'.repeat(random(20) > 0 ? 9 : 8_000)),
      );
      const commit = committer.commit(decisions);
      // Announced at any time, while appends are on their way too; what shard 0 has decided never is.
      const announced = [...open].filter(({ shard }) => shard !== 0 && random(3) === 0);
      committer.journal.announced(announced);
      for (const decision of announced) open.delete(decision);
      await commit;
      for (const decision of decisions) open.add(decision);
    }
    expect(row.nextPos).toBeGreaterThanOrEqual(400);
    expect(row.donePos).toBeGreaterThan(2 * half);
    for (const { row: copy, due } of copies.filter((_, index) => index % 11 === 0)) {
      const undone = await undoneIn(copy);
      for (const [shard, found] of undone) {
        expect(found.map(({ n }) => n)).toEqual([...new Set(found.map(({ n }) => n))].sort((a, b) => a - b));
        const texts = new Set(found.map((decision) => JSON.stringify(decision)));
        const missing = due.filter((decision) => decision.shard === shard && !texts.has(JSON.stringify(decision)));
        expect(missing).toEqual([]);
      }
      for (const { shard } of due) expect(undone.has(shard)).toBe(true);
    }
  });

  it('counts the first group of what it carries as done only after the group that carries it was applied', async () => {
    await commitEach([stuck.create()]);
    await flow(3 * half);
    const carrying = groupsSent().findIndex((group, pos) => pos > 0 && group.some(({ shard }) => shard === stuckShard));
    const donePosOf = (index: number) => row.appends[index]!.params[1];
    expect(carrying).toBe(half);
    expect(donePosOf(carrying)).toBe(-1);
    expect(donePosOf(carrying + 1)).toBe(carrying - 1);
  });

  it('uses a slot again only when its group is done', async () => {
    await commitEach([stuck.create(), ...stuck.posts(5)]);
    const overwritten: number[] = [];
    row.onApplied = () => {
      for (let pos = row.donePos + 1; pos < row.nextPos; pos++)
        if (row.slots.get(pos % ringSlots)?.pos !== pos) overwritten.push(pos);
    };
    await flow(2 * ringSlots + 40);
    expect(overwritten).toEqual([]);
    expect(row.nextPos).toBe(2 * ringSlots + 46);
  });

  it('sends a group that carries again with the same bytes, whatever is announced or decided meanwhile', async () => {
    const undone = [stuck.create(), stuck.post(), stuck.post()];
    await commitEach(undone);
    await flow(half - 3);
    row.fate = () => 'lost';
    const waiting = committer.commit([next()]);
    const before = row.appends.length;
    await until('it is sent twice', () => row.appends.length >= before + 2);
    committer.journal.announced([undone[1]!]);
    const later = committer.commit([next()]);
    await until('it is sent four times', () => row.appends.length >= before + 4);
    row.fate = () => 'answered';
    await Promise.all([waiting, later]);
    const [original, ...repeats] = row.appends.slice(before, -1);
    expect(decodeGroup(original!.params[3] as Buffer)).toEqual([...undone, expect.objectContaining({ shard: 1 })]);
    for (const repeat of repeats) expect(repeat.params).toEqual(original!.params);
    expect(repeats.length).toBeGreaterThanOrEqual(3);
  });

  it('lets go of what is announced while the group that carries it is on its way', async () => {
    const undone = [stuck.create(), stuck.post()];
    await commitEach(undone);
    await flow(half - 2);
    row.fate = () => 'lost';
    const last = next();
    const waiting = committer.commit([last]);
    const before = row.appends.length;
    await until('the group is on its way', () => row.appends.length > before);
    committer.journal.announced(undone);
    expect(committer.journal.hasUndoneOf(stuckShard, 1)).toBe(false);
    row.fate = () => 'answered';
    await waiting;
    expect(groupsSent().at(-1)).toHaveLength(3);
    committer.journal.announced([last]);
    expect(committer.journal.hasUndone).toBe(false);
    await committer.journal.confirm();
    expect(row.donePos).toBe(row.nextPos - 1);
  });

  it('writes and counts what it carries once', async () => {
    const create = stuck.create();
    await committer.commit([create]);
    const fails = stuck.post({ body: 'not now' });
    const rejected = stuck.reject({ code: 'FORBIDDEN', reason: 'no' });
    failing = (batch) => batch.some(({ params }) => params.includes('not now'));
    let done = false;
    const commit = committer.commit([fails, rejected]).then(() => {
      done = true;
    });
    await flow(2 * half);
    // Once decided, twice carried.
    expect(
      groupsSent()
        .flat()
        .filter((decision) => decision.n === rejected.n && decision.shard === 0),
    ).toHaveLength(3);
    expect(done).toBe(false);
    failing = () => false;
    await commit;
    expect(written.filter(({ params }) => params.includes('not now'))).toHaveLength(1);
    expect(written.filter(({ query, params }) => query.includes('settings') && params[0] === 'stuck')).toHaveLength(1);
  });

  it('keeps to the limits of a group', async () => {
    const texts = [stuck.create(), ...longPosts(60, 'y'.repeat(20_000))];
    await commitEach(texts);
    const many = [0, 1, 2].map(() => stuck.posts(400));
    for (const posts of many) await committer.commit(posts);
    // Much is waiting when the first of it is carried.
    await flow(60);
    await flow(20, 200);
    await flow(500);
    const carrying = groupsSent()
      .slice(64)
      .filter((group) => group.some(({ shard }) => shard === stuckShard));
    expect(carrying.length).toBeGreaterThan(5);
    for (const group of groupsSent()) {
      expect(group.length).toBeLessThanOrEqual(512);
      expect(group.reduce((bytes, decision) => bytes + journalJson(decision).byteLength, 0)).toBeLessThanOrEqual(
        262_144,
      );
    }
    expect(await foundOfStuck()).toEqual([...texts, ...many.flat()]);
    expect(row.donePos).toBeGreaterThan(row.nextPos - maxOpenGroups);
  });

  it('gets full groups out of the way too, one after the other', async () => {
    const undone = [stuck.create(), ...longPosts(9, large)];
    await commitEach(undone);
    await flow(1_000);
    expect(await foundOfStuck()).toEqual(undone);
    expect(row.donePos).toBeGreaterThan(row.nextPos - half - 10);
    // Ten groups once for every hundred: not round and round.
    expect(row.nextPos).toBeLessThan(1_000 + 10 + 100);
  });

  it('goes on from its bound when only old groups are undone, without anything new in what carries them', async () => {
    const undone = [stuck.create(), ...longPosts(maxOpenGroups - 1, large)];
    await commitEach(undone);
    const waiting = committer.commit([next()]);
    await committer.journal.confirm();
    expect(row.nextPos).toBe(maxOpenGroups);
    committer.journal.announced(undone.slice(1));
    await waiting;
    expect(groupsSent().slice(maxOpenGroups)).toEqual([[undone[0]], [expect.objectContaining({ shard: 1 })]]);
    expect(await foundOfStuck()).toEqual([undone[0]]);
  });

  it('ends as lost, and leaves what it carried to the next owner', async () => {
    const undone = [stuck.create(), stuck.post()];
    await commitEach(undone);
    await flow(3 * half);
    await committer.end();
    expect(await committer.lost).toBeInstanceOf(SessionLost);
    expect(row.calls.at(-1)!.query).toBe(journalQueries.fence);
    expect(await foundOfStuck()).toEqual(undone);
  });
});

/** Whole numbers below a bound, the same ones in every run. */
const pseudoRandom = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};
