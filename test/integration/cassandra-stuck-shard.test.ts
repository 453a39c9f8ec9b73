import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/application/decision.ts';
import type { Session, Tenure } from '../../src/application/ports/ownership.ts';
import { type ShardNumber, seq, shardNumber } from '../../src/domain/ids.ts';
import { maxOpenGroups } from '../../src/infrastructure/cassandra/undone.ts';
import { TestKeyspace } from '../support/cassandra-cell.ts';
import { announceNothing, patient, randomChatId } from '../support/cell-harness.ts';
import { ChatWriter, numbering } from '../support/decisions.ts';

const stuckShard = shardNumber(0);
const flowingShard = shardNumber(1);
const half = maxOpenGroups / 2;

describe('a shard that cannot publish', patient, () => {
  let keyspace: TestKeyspace;

  beforeAll(async () => {
    keyspace = await new TestKeyspace().create();
  }, patient.timeout);
  afterAll(() => keyspace.drop(), patient.timeout);

  const takeFree = async (session: Session, shard: ShardNumber): Promise<Tenure> =>
    (await session.take(shard, announceNothing))!;

  it('does not stop another one, and what it has left undone is announced by the next owner', async () => {
    const { ownership } = await keyspace.open();
    const session = await ownership.begin();
    const { store } = session;
    const stuck = new ChatWriter(randomChatId(), numbering(await takeFree(session, stuckShard)));
    const flowing = new ChatWriter(randomChatId(), numbering(await takeFree(session, flowingShard)));

    const undone = [stuck.create(), ...stuck.posts(3), stuck.reject({ code: 'FORBIDDEN', reason: 'no' })];
    for (const decision of undone.slice(0, 3)) await store.commit([decision]);
    await store.commit(undone.slice(3));
    const announced = [flowing.create(), ...flowing.posts(640)];
    for (const decision of announced) {
      await store.commit([decision]);
      store.announced([decision]);
    }
    const late = [stuck.post(), stuck.post()];
    for (const decision of late) await store.commit([decision]);

    await store.confirmOwnership();
    const row = await keyspace.sessionRow(session.id);
    expect(row.nextPos).toBe(4 + announced.length + late.length);
    expect(row.donePos).toBeGreaterThan(row.nextPos - half - 3);

    await keyspace.fence(session.id);
    await session.lost;
    const cell = await keyspace.open();
    const taker = await cell.ownership.begin();
    const replayed: Decision[] = [];
    const tenure = await taker.take(stuckShard, async (decisions) => void replayed.push(...decisions));
    expect(replayed).toEqual([...undone, ...late]);
    expect(await cell.reader.chat(stuck.chatId)).toMatchObject({ lastSeq: 5, rev: 6 });
    const page = await cell.reader.page({ chatId: stuck.chatId, anchor: { at: 'newest' }, limit: 10, fromSeq: seq(1) });
    expect(page?.items.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1]);
    await taker.release(tenure!);
  });
});
