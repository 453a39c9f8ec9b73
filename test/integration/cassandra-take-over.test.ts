import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/application/decision.ts';
import { SessionLost } from '../../src/application/ports/chat-store.ts';
import type { Session, Tenure } from '../../src/application/ports/ownership.ts';
import type { Logger } from '../../src/application/ports/system.ts';
import { seq, shardNumber } from '../../src/domain/ids.ts';
import type { CassandraCell } from '../../src/infrastructure/cassandra/cell.ts';
import { encodeGroup, journalJson } from '../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries, ringSlots } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { silentLogger, TestKeyspace } from '../support/cassandra-cell.ts';
import { announceNothing, patient, randomChatId } from '../support/cell-harness.ts';
import { ChatWriter, numbering } from '../support/decisions.ts';
import { until } from '../support/until.ts';

/** A process that stands still: whatever would wake it by the clock does not. */
class StoppableClock extends SystemClock {
  stopped = false;
  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    do await super.sleep(ms, signal);
    while (this.stopped);
  }
}

const shard = shardNumber(0);
const sessionTimeoutMs = 900;

describe('taking a shard over', patient, () => {
  let keyspace: TestKeyspace;

  beforeAll(async () => {
    keyspace = await new TestKeyspace().create();
  }, patient.timeout);
  afterAll(() => keyspace.drop(), patient.timeout);

  /** Every test has the shard for itself, whatever the one before has left. */
  beforeEach(async () => {
    await keyspace.ledger.execute(`INSERT INTO shards (shard, owner, epoch) VALUES (0, '', 0) IF NOT EXISTS`);
    const epoch = (await epochOf()) + 1;
    await keyspace.ledger.execute(`UPDATE shards SET owner = '', epoch = ? WHERE shard = 0 IF EXISTS`, [epoch]);
  });

  const take = async (session: Session): Promise<{ tenure: Tenure | undefined; undone: Decision[] }> => {
    const undone: Decision[] = [];
    const tenure = await session.take(shard, async (decisions) => void undone.push(...decisions));
    return { tenure, undone };
  };
  const takeFree = async (session: Session): Promise<Tenure> => {
    const { tenure } = await take(session);
    if (tenure === undefined) throw new Error('the test before has left the shard to somebody who lives');
    return tenure;
  };
  const epochOf = async () => {
    const row = (await keyspace.ledger.execute('SELECT epoch FROM shards WHERE shard = 0')).first();
    return Number(row.epoch);
  };

  /** What a process leaves that dies between its journal and the tables: groups that nothing was made of. */
  const leaveBehind = async (groups: (epoch: number) => readonly (readonly Decision[])[]): Promise<string> => {
    const session = randomUUID();
    const epoch = (await epochOf()) + 1;
    await keyspace.ledger.execute(journalQueries.begin, [session, 'somebody']);
    await keyspace.ledger.execute(`UPDATE shards SET owner = ?, epoch = ? WHERE shard = 0 IF owner = ''`, [
      session,
      epoch,
    ]);
    for (const [pos, group] of groups(epoch).entries()) {
      const payload = encodeGroup(group.map(journalJson));
      await keyspace.ledger.execute(journalQueries.append, [pos + 1, -1, pos, payload, session, pos, pos]);
    }
    return session;
  };

  it('finishes at once what a former life of the same instance has left, and silences it', async () => {
    const former = await keyspace.open({ instanceId: 'twin' });
    const zombie = await former.ownership.begin();
    const tenure = await takeFree(zombie);
    const writer = new ChatWriter(randomChatId(), numbering(tenure));
    const done = [writer.create(), ...writer.posts(3)];
    await zombie.store.commit(done);
    zombie.store.announced(done);
    await zombie.store.confirmOwnership();
    const undone = [...writer.posts(3), writer.reject({ code: 'FORBIDDEN', reason: 'no' }), writer.post()];
    for (const decision of undone) await zombie.store.commit([decision]);

    const next = await keyspace.open({ instanceId: 'twin' });
    const session = await next.ownership.begin();
    const taken = await take(session);
    expect(taken.tenure).toEqual({ shard, epoch: tenure.epoch + 1 });
    expect(taken.undone).toEqual(undone);
    expect(await next.reader.chat(writer.chatId)).toMatchObject({ lastSeq: 7 });

    await expect(zombie.store.commit([writer.post({ body: 'from the grave' })])).rejects.toBeInstanceOf(SessionLost);
    await expect(zombie.store.confirmOwnership()).rejects.toBeInstanceOf(SessionLost);
    expect((await zombie.lost).message).toContain('fenced');
    expect(await next.reader.chat(writer.chatId)).toMatchObject({ lastSeq: 7 });
    await session.release(taken.tenure!);
  });

  it('clears the journal of a session that no shard names any more, and then finds nothing to replay in it', async () => {
    let writer: ChatWriter | undefined;
    const fallen = await leaveBehind((epoch) => {
      writer = new ChatWriter(randomChatId(), numbering({ shard, epoch }));
      return [[writer.create(), writer.post()], [writer.post()]];
    });
    await keyspace.ledger.execute(`UPDATE journal SET state = 'fenced' WHERE session = ? IF state = 'open'`, [fallen]);
    const session = await (await keyspace.open()).ownership.begin();
    const first = await take(session);
    expect(first.undone).toHaveLength(3);
    await until('the slots are cleared', async () => {
      const { rows } = await keyspace.ledger.execute('SELECT slot FROM journal WHERE session = ? AND slot >= 0', [
        fallen,
      ]);
      return rows.length === 0;
    });
    expect(await keyspace.sessionRow(fallen)).toMatchObject({ state: 'fenced' });
    await session.release(first.tenure!);
    const stray = first.tenure!.epoch + 1;
    await keyspace.ledger.execute(`UPDATE shards SET owner = ?, epoch = ? WHERE shard = 0 IF owner = ''`, [
      fallen,
      stray,
    ]);
    const second = await take(await (await keyspace.open()).ownership.begin());
    expect(second).toMatchObject({ tenure: { epoch: stray + 1 }, undone: [] });
  });

  it('clears its own journal at a clean end', async () => {
    const session = await (await keyspace.open()).ownership.begin();
    const tenure = await takeFree(session);
    const writer = new ChatWriter(randomChatId(), numbering(tenure));
    const done = [writer.create(), writer.post()];
    await session.store.commit(done);
    session.store.announced(done);
    await session.release(tenure);
    await session.end();
    const { rows } = await keyspace.ledger.execute('SELECT slot FROM journal WHERE session = ? AND slot >= 0', [
      session.id,
    ]);
    expect(rows).toEqual([]);
  });

  it('leaves a living owner alone, however often it is asked', async () => {
    const owner = await (await keyspace.open({ sessionTimeoutMs })).ownership.begin();
    const tenure = await takeFree(owner);
    const other = await (await keyspace.open({ sessionTimeoutMs })).ownership.begin();
    const { beat } = await keyspace.sessionRow(owner.id);
    await until('the owner shows life for three timeouts', async () => {
      expect((await take(other)).tenure).toBeUndefined();
      return (await keyspace.sessionRow(owner.id)).beat >= beat + 9;
    });
    expect(await keyspace.sessionRow(owner.id)).toMatchObject({ state: 'open' });
    await owner.release(tenure);
  });

  it('waits the whole timeout for an owner that stands still, then takes everything it had decided', async () => {
    const clock = new StoppableClock();
    const owner = await (await keyspace.open({ sessionTimeoutMs, clock })).ownership.begin();
    const writer = new ChatWriter(randomChatId(), numbering(await takeFree(owner)));
    const decisions = [writer.create(), ...writer.posts(2)];
    await owner.store.commit(decisions);
    const cell = await keyspace.open({ sessionTimeoutMs });
    const other = await cell.ownership.begin();
    clock.stopped = true;

    let taken = await take(other);
    const askedFirst = performance.now();
    await until('the owner is given up', async () => {
      if (taken.tenure === undefined) taken = await take(other);
      return taken.tenure !== undefined;
    });
    expect(performance.now() - askedFirst).toBeGreaterThanOrEqual(sessionTimeoutMs - 50);
    expect(taken.undone).toEqual(decisions);

    clock.stopped = false;
    await expect(owner.store.commit([writer.post()])).rejects.toBeInstanceOf(SessionLost);
    expect(await cell.reader.chat(writer.chatId)).toMatchObject({ lastSeq: 2 });
    await other.release(taken.tenure!);
  });

  it('makes readable what was journaled and never written, each decision once and in its order', async () => {
    const chat = randomChatId();
    let decisions: Decision[] = [];
    await leaveBehind((epoch) => {
      const writer = new ChatWriter(chat, numbering({ shard, epoch }));
      decisions = [writer.create(), ...writer.posts(4)];
      const [a, b, c, d, e] = decisions as [Decision, Decision, Decision, Decision, Decision];
      return [
        [a, b],
        [d, e],
        [c, b],
      ];
    });
    const { cell, session, taken } = await takeAsFormerSelf();
    expect(taken.undone).toEqual(decisions);
    expect(await cell.reader.chat(chat)).toMatchObject({ lastSeq: 4, rev: 5 });
    const page = await cell.reader.page({ chatId: chat, anchor: { at: 'newest' }, limit: 10, fromSeq: seq(1) });
    expect(page?.items.map(({ seq }) => seq)).toEqual([4, 3, 2, 1]);
    await session.release(taken.tenure!);
  });

  it('may die half way and be repeated: the tables are the same', async () => {
    const chat = randomChatId();
    await leaveBehind((epoch) => {
      const writer = new ChatWriter(chat, numbering({ shard, epoch }));
      return [[writer.create()], writer.posts(70), writer.posts(2)];
    });
    const cell = await keyspace.open({ instanceId: 'somebody' });
    const session = await cell.ownership.begin();
    const died = session.take(shard, () => Promise.reject(new Error('died half way')));
    await expect(died).rejects.toThrow('died half way');
    const once = await keyspace.dump();
    expect(once.messages!.filter((row) => row.includes(chat))).toHaveLength(72);
    const taken = await take(session);
    expect(taken.undone).toHaveLength(73);
    expect(await keyspace.dump()).toEqual(once);
    await session.release(taken.tenure!);
  });

  it('does not take a shard while a group of its journal is missing, and says which', async () => {
    const chat = randomChatId();
    const owner = await leaveBehind((epoch) => {
      const writer = new ChatWriter(chat, numbering({ shard, epoch }));
      return [[writer.create()], writer.posts(2), writer.posts(2)];
    });
    await keyspace.ledger.execute('DELETE FROM journal WHERE session = ? AND slot = 1 IF EXISTS', [owner]);
    const alarms: object[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => alarms.push(fields) };
    const cell = await keyspace.open({ instanceId: 'somebody', logger });
    const session = await cell.ownership.begin();
    await expect(take(session)).rejects.toThrow('group 1 is missing');
    expect(alarms).toContainEqual(expect.objectContaining({ alarm: 'replay_blocked', shard, session: owner, pos: 1 }));
  });

  it('neither fences nor takes what it cannot read', async () => {
    const chat = randomChatId();
    const owner = await leaveBehind((epoch) => {
      const writer = new ChatWriter(chat, numbering({ shard, epoch }));
      return [[{ ...writer.create(), v: 2 } as unknown as Decision]];
    });
    const cell = await keyspace.open({ instanceId: 'somebody' });
    await expect(take(await cell.ownership.begin())).rejects.toThrow('version 2');
    expect(await keyspace.sessionRow(owner)).toMatchObject({ state: 'open' });
  });

  it('is not disturbed by copies of beats and appends that arrive late', async () => {
    const session = await (await keyspace.open()).ownership.begin();
    const writer = new ChatWriter(randomChatId(), numbering(await takeFree(session)));
    const decisions = [writer.create(), writer.post()];
    for (const decision of decisions) await session.store.commit([decision]);
    session.store.announced(decisions);
    await session.store.confirmOwnership();
    const row = await keyspace.sessionRow(session.id);
    expect(row.donePos).toBe(1);
    await keyspace.ledger.execute(journalQueries.beat, [row.beat, -1, session.id, row.beat - 1, row.nextPos]);
    const bytes = Buffer.from('stray');
    await keyspace.ledger.execute(journalQueries.append, [1, -1, 0, bytes, session.id, 0, 0]);
    expect(await keyspace.sessionRow(session.id)).toEqual(row);
    await session.end();
  });

  it('takes from its own lost session at once', async () => {
    const { ownership } = await keyspace.open();
    const lost = await ownership.begin();
    const tenure = await takeFree(lost);
    await keyspace.fence(lost.id);
    await lost.lost;
    const session = await ownership.begin();
    const taken = await take(session);
    expect(taken.tenure?.epoch).toBe(tenure.epoch + 1);
    await session.release(taken.tenure!);
  });

  it('takes a shard again that names it and that it does not hold', async () => {
    const { ownership } = await keyspace.open();
    const session = await ownership.begin();
    const epoch = (await epochOf()) + 1;
    const stray = `UPDATE shards SET owner = ?, epoch = ? WHERE shard = 0 IF owner = ''`;
    await keyspace.ledger.execute(stray, [session.id, epoch]);
    expect(await session.view()).toMatchObject({ shards: expect.arrayContaining([{ shard, owner: 'mine' }]) });
    expect(await session.take(shard, announceNothing)).toEqual({ shard, epoch: epoch + 1 });
    await session.release({ shard, epoch: epoch + 1 });
  });

  it('ends the session instead of releasing a shard with something undone', async () => {
    const { ownership } = await keyspace.open();
    const session = await ownership.begin();
    const tenure = await takeFree(session);
    const writer = new ChatWriter(randomChatId(), numbering(tenure));
    const create = writer.create();
    await session.store.commit([create]);
    await session.release(tenure);
    await session.lost;
    const taken = await take(await ownership.begin());
    expect(taken.undone).toEqual([create]);
  });

  it('need not wait for an owner that has ended its session', async () => {
    const owner = await (await keyspace.open()).ownership.begin();
    const tenure = await takeFree(owner);
    const writer = new ChatWriter(randomChatId(), numbering(tenure));
    const create = writer.create();
    await owner.store.commit([create]);
    await owner.end();
    const session = await (await keyspace.open()).ownership.begin();
    const taken = await take(session);
    expect(taken.undone).toEqual([create]);
    await session.release(taken.tenure!);
  });

  it('finds what is undone after the ring of the journal has gone round', async () => {
    const cell = await keyspace.open({ instanceId: 'round' });
    const owner = await cell.ownership.begin();
    const writer = new ChatWriter(randomChatId(), numbering(await takeFree(owner)));
    for (const decision of [writer.create(), ...writer.posts(ringSlots + 60)]) {
      await owner.store.commit([decision]);
      owner.store.announced([decision]);
    }
    const undone = writer.posts(40);
    for (const decision of undone) await owner.store.commit([decision]);
    expect(await keyspace.sessionRow(owner.id)).toMatchObject({ nextPos: ringSlots + 101, donePos: ringSlots + 60 });
    const session = await (await keyspace.open({ instanceId: 'round' })).ownership.begin();
    const taken = await take(session);
    expect(taken.undone).toEqual(undone);
    await session.release(taken.tenure!);
  });

  const takeAsFormerSelf = async (): Promise<{
    cell: CassandraCell;
    session: Session;
    taken: { tenure: Tenure | undefined; undone: Decision[] };
  }> => {
    const cell = await keyspace.open({ instanceId: 'somebody' });
    const session = await cell.ownership.begin();
    return { cell, session, taken: await take(session) };
  };
});
