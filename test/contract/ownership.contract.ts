import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { SessionLost } from '../../src/application/ports/chat-store.ts';
import type { Session } from '../../src/application/ports/ownership.ts';
import {
  announceNothing,
  beginWriting,
  type CellHarness,
  patient,
  type StartCell,
  takeAnyShard,
} from '../support/cell-harness.ts';
import { numbering } from '../support/decisions.ts';

/** To the implementer: other tests may live on some of the shards; only one session of this suite is open at a time. */
export const ownershipContract = (name: string, start: StartCell) =>
  describe(`Ownership contract: ${name}`, patient, () => {
    let cell: CellHarness;
    const open = new Set<{ end(): Promise<void> }>();

    beforeAll(async () => {
      cell = await start();
    }, patient.timeout);
    afterAll(async () => {
      await cell?.close();
    }, patient.timeout);
    afterEach(async () => {
      for (const session of open) await session.end();
      open.clear();
    }, patient.timeout);

    const ended = async <T extends { end(): Promise<void> }>(begun: Promise<T>): Promise<T> => {
      const session = await begun;
      open.add(session);
      return session;
    };
    const begin = () => ended(cell.begin());
    const beginToWrite = () => ended(beginWriting(cell));

    const lose = async (session: Session, context: TestContext): Promise<void> => {
      if (cell.lose === undefined) context.skip('no session of this adapter can be lost by a test');
      await cell.lose?.(session);
    };
    const ownerOf = async (session: Session, shard: number) =>
      (await session.view()).shards.find((view) => view.shard === shard)?.owner;

    it('gives every session an id of its own', async () => {
      const first = await begin();
      await first.end();
      const second = await begin();
      expect(second.id).not.toBe(first.id);
    });

    it('shows every shard once, and at least this session alive', async () => {
      const session = await begin();
      const { shards, liveInstances } = await session.view();
      expect(shards.length).toBeGreaterThan(0);
      expect(shards.map(({ shard }) => shard as number).toSorted((a, b) => a - b)).toEqual([...shards.keys()]);
      expect(liveInstances).toBeGreaterThanOrEqual(1);
    });

    it('shows which shards are mine', async () => {
      const session = await begin();
      const tenure = await takeAnyShard(session);
      expect(await ownerOf(session, tenure.shard)).toBe('mine');
      await session.release(tenure);
      expect(await ownerOf(session, tenure.shard)).not.toBe('mine');
    });

    it('does not give a shard twice', async () => {
      const session = await begin();
      const tenure = await takeAnyShard(session);
      expect(await session.take(tenure.shard, announceNothing)).toBeUndefined();
      await session.release(tenure);
    });

    it('gives a shard that was released again, in a later epoch', async () => {
      const session = await begin();
      const first = await takeAnyShard(session);
      await session.release(first);
      const second = await session.take(first.shard, announceNothing);
      expect(second?.shard).toBe(first.shard);
      expect(second?.epoch).toBeGreaterThan(first.epoch);
      await session.release(second!);
    });

    it('gives several shards to one session', async () => {
      const session = await begin();
      const tenures = [await takeAnyShard(session), await takeAnyShard(session), await takeAnyShard(session)];
      expect(new Set(tenures.map(({ shard }) => shard)).size).toBe(3);
      for (const tenure of tenures) await session.release(tenure);
    });

    it('forgets a release that is repeated after the shard was taken again', async () => {
      const session = await begin();
      const first = await takeAnyShard(session);
      await session.release(first);
      const second = await session.take(first.shard, announceNothing);
      await session.release(first);
      expect(await ownerOf(session, first.shard)).toBe('mine');
      await session.release(second!);
    });

    it('raises the epoch over sessions, too', async () => {
      const former = await begin();
      const first = await takeAnyShard(former);
      await former.release(first);
      await former.end();
      const session = await begin();
      const second = await session.take(first.shard, announceNothing);
      expect(second?.epoch).toBeGreaterThan(first.epoch);
      await session.release(second!);
    });

    it('confirms a session that is open', async () => {
      const session = await begin();
      await expect(session.store.confirmOwnership()).resolves.toBeUndefined();
    });

    it('lets an ended session write nothing more, and says that it is over', async () => {
      const writing = await beginToWrite();
      const writer = writing.writer();
      await writing.write([writer.create()]);
      await writing.end();
      expect(await writing.session.lost).toBeInstanceOf(SessionLost);
      await expect(writing.store.commit([writer.post()])).rejects.toBeInstanceOf(SessionLost);
      await expect(writing.store.confirmOwnership()).rejects.toBeInstanceOf(SessionLost);
      expect(await cell.reader.chat(writer.chatId)).toMatchObject({ lastSeq: 0 });
    });

    it('lets a lost session write nothing more, and says that it is lost', async (context) => {
      const writing = await beginToWrite();
      const writer = writing.writer();
      await writing.write([writer.create(), writer.post()]);
      await lose(writing.session, context);
      await expect(writing.store.commit([writer.post()])).rejects.toBeInstanceOf(SessionLost);
      await expect(writing.store.confirmOwnership()).rejects.toBeInstanceOf(SessionLost);
      expect(await writing.session.lost).toBeInstanceOf(Error);
      expect(await cell.reader.chat(writer.chatId)).toMatchObject({ lastSeq: 1, rev: 2 });
    });

    it('keeps what a lost session had decided, and lets the next one go on from there', async (context) => {
      const former = await beginToWrite();
      const writer = former.writer();
      await former.write([writer.create(), ...writer.posts(3)]);
      await lose(former.session, context);
      await expect(former.store.confirmOwnership()).rejects.toBeInstanceOf(SessionLost);

      const session = await begin();
      const tenure = await session.take(former.tenure.shard, announceNothing);
      expect(tenure?.epoch).toBeGreaterThan(former.tenure.epoch);
      expect(await session.store.open(writer.chatId)).toMatchObject({ state: { nextSeq: 4, nextRev: 5 } });
      const next = writer.under(numbering(tenure!)).posts(2);
      await session.store.commit(next);
      session.store.announced(next);
      expect(await cell.reader.chat(writer.chatId)).toMatchObject({ lastSeq: 5, rev: 6 });
      for (const entry of writer.entries.slice(1)) {
        expect(
          await session.store.entryAt(writer.chatId, { rev: entry.rev, seq: 'seq' in entry ? entry.seq : undefined }),
        ).toEqual(entry);
      }
      await session.release(tenure!);
    });

    it('decides a commit that was under way when the session was lost one way or the other', async (context) => {
      const former = await beginToWrite();
      const writer = former.writer();
      await former.write([writer.create()]);
      const underWay = former.store.commit([writer.post()]).then(
        () => 'stored',
        (error: unknown) => error,
      );
      await lose(former.session, context);
      await expect(former.store.confirmOwnership()).rejects.toBeInstanceOf(SessionLost);
      const outcome = await underWay;

      const session = await begin();
      const tenure = await session.take(former.tenure.shard, announceNothing);
      if (outcome !== 'stored') expect(outcome).toBeInstanceOf(SessionLost);
      expect((await session.store.open(writer.chatId))?.state.nextSeq).toBe(outcome === 'stored' ? 2 : 1);
      await session.release(tenure!);
    });
  });
