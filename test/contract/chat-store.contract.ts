import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysPerBlock } from '../../src/application/turn/key-log.ts';
import { maxListedRecipients } from '../../src/domain/chat/command.ts';
import { micros, type Rev, rev, seq, shardNumber, userId } from '../../src/domain/ids.ts';
import {
  beginWriting,
  type CellHarness,
  patient,
  type StartCell,
  type WritingSession,
} from '../support/cell-harness.ts';
import { type ChatWriter, type CreateOptions, withBody } from '../support/decisions.ts';
import { positionOf, snapshotOf } from './expected.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const blocksOf = ({ keys }: ChatWriter, ...starts: number[]) =>
  starts.map((start) => ({ firstRev: start, blob: hex(keys.block(rev(start))) }));

const beginningOfTime = micros(0);
const everything = 50_000;
const forbidden = { code: 'FORBIDDEN', reason: 'no' } as const;

/** To the implementer: every test has chats of its own, so the store need not be empty. */
export const chatStoreContract = (name: string, start: StartCell) =>
  describe(`ChatStore contract: ${name}`, patient, () => {
    let cell: CellHarness;
    let writing: WritingSession;
    let store: WritingSession['store'];
    let write: WritingSession['write'];

    beforeAll(async () => {
      cell = await start();
      writing = await beginWriting(cell);
      ({ store, write } = writing);
    }, patient.timeout);
    afterAll(async () => {
      await writing?.end();
      await cell?.close();
    }, patient.timeout);

    const readBlocks = async (
      { chatId }: ChatWriter,
      before: Rev,
      since = beginningOfTime,
      maxEntries = everything,
    ) => {
      const blocks = await store.keyBlocks(chatId, before, since, maxEntries);
      return blocks.map(({ firstRev, blob }) => ({ firstRev, blob: hex(blob) }));
    };
    const readLog = ({ chatId, entries }: ChatWriter) =>
      Promise.all(entries.map((entry) => store.entryAt(chatId, positionOf(entry))));

    describe('a home', () => {
      it('is unknown until somebody claims it', async () => {
        expect(await store.home(cell.newChatId())).toBeUndefined();
      });

      it('belongs to the first who claims it, for ever', async () => {
        const chatId = cell.newChatId();
        expect(await store.claimHome(chatId, shardNumber(3))).toBe(3);
        expect(await store.claimHome(chatId, shardNumber(5))).toBe(3);
        expect(await store.home(chatId)).toBe(3);
      });

      it('is found after it was looked for in vain', async () => {
        const chatId = cell.newChatId();
        expect(await store.home(chatId)).toBeUndefined();
        await store.claimHome(chatId, shardNumber(0));
        expect(await store.home(chatId)).toBe(0);
      });

      it('has one winner among many who claim it at once', async () => {
        const chatId = cell.newChatId();
        const claims = await Promise.all([0, 1, 2, 3, 4].map((shard) => store.claimHome(chatId, shardNumber(shard))));
        expect(new Set(claims).size).toBe(1);
        expect(await store.home(chatId)).toBe(claims[0]);
      });
    });

    describe('opening a chat', () => {
      it('finds nothing where no chat is', async () => {
        expect(await store.open(cell.newChatId())).toBeUndefined();
      });

      it('finds nothing where only a home was claimed', async () => {
        const chatId = cell.newChatId();
        await store.claimHome(chatId, shardNumber(1));
        expect(await store.open(chatId)).toBeUndefined();
      });

      it('finds a chat that was just created', async () => {
        const writer = writing.writer();
        await write([writer.create({ title: 'lunch' })]);
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
      });

      it('finds a chat and its messages from one commit', async () => {
        const writer = writing.writer();
        await write([writer.create(), ...writer.posts(5)]);
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
      });

      it.each([62, 63, 64, 65, 127, 128, 199])(
        'finds the keys after the last complete block when there are %i messages',
        async (count) => {
          const writer = writing.writer();
          await write([writer.create(), ...writer.posts(count)]);
          const snapshot = await store.open(writer.chatId);
          expect(snapshot).toEqual(snapshotOf(writer));
          expect(snapshot?.recent).toHaveLength((count + 1) % keysPerBlock);
        },
      );

      it('finds keys on both sides of a bucket edge', async () => {
        const writer = writing.writer();
        const before = [writer.create(), ...writer.posts(70)];
        writer.rollBucket();
        await write([...before, ...writer.posts(10)]);
        const snapshot = await store.open(writer.chatId);
        expect(snapshot).toEqual(snapshotOf(writer));
        expect(snapshot?.bucket).toMatchObject({ bucket: 1, firstSeq: 71, firstRev: 72 });
      });

      it('finds keys over several small buckets', async () => {
        const writer = writing.writer();
        const decisions = [writer.create()];
        for (let bucket = 0; bucket < 6; bucket++) {
          decisions.push(...writer.posts(5));
          writer.rollBucket();
        }
        await write([...decisions, writer.post()]);
        const snapshot = await store.open(writer.chatId);
        expect(snapshot).toEqual(snapshotOf(writer));
        expect(snapshot?.recent).toHaveLength(32);
      });

      it('lists the creator first, then the members in the order of their ids', async () => {
        const writer = writing.writer();
        await write([writer.create({ sender: '5', members: ['~last', '10', '9', 'Anna', '!first', 'anna'] })]);
        const snapshot = await store.open(writer.chatId);
        expect([...(snapshot?.state.roster ?? [])].map(([id, { role }]) => [id, role])).toEqual([
          ['5', 'owner'],
          ...['!first', '10', '9', 'Anna', 'anna', '~last'].map((id) => [id, 'member']),
        ]);
      });

      it.each([1, 18, 19, 20, 21, 40])('finds the creator and %i others', async (others) => {
        const writer = writing.writer();
        const members = Array.from({ length: others }, (_, index) => `a${String(index).padStart(2, '0')}`);
        await write([writer.create({ sender: 'z', members })]);
        expect([...(await store.open(writer.chatId))!.state.roster.keys()]).toEqual(['z', ...members]);
      });

      it('finds all of 10,000 members', async () => {
        const writer = writing.writer();
        const members = Array.from({ length: 9_999 }, (_, index) => `user-with-a-rather-long-id-${index}`);
        await write([
          writer.create({ sender: 'm', members }),
          writer.post({ sender: 'user-with-a-rather-long-id-9998' }),
        ]);
        const snapshot = await store.open(writer.chatId);
        expect(snapshot).toEqual(snapshotOf(writer));
        expect(snapshot?.state).toMatchObject({ large: true });
        expect(snapshot?.state.roster.size).toBe(10_000);
        expect([...snapshot!.state.roster.keys()]).toEqual(['m', ...members.toSorted()]);
        expect(await readLog(writer)).toEqual(writer.entries);
      });

      it('finds what is decided after it was opened before', async () => {
        const writer = writing.writer();
        await write([writer.create(), ...writer.posts(3)]);
        await store.open(writer.chatId);
        await write(writer.posts(2));
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
      });
    });

    describe('an entry', () => {
      it.each<[string, CreateOptions]>([
        ['a group without a title', {}],
        ['a group with an empty title', { title: '' }],
        ['a title in many scripts', { title: 'Crème brûlée 日本語 עברית 👩‍👩‍👧‍👦' }],
        ['a title with a NUL', { title: 'a\0b' }],
        ['a direct chat', { kind: 'direct' as const, sender: '7', members: ['8'] }],
        ['a chat with oneself', { kind: 'direct' as const, sender: '7', members: ['7'] }],
        ['odd ids', { sender: `!"#$%&'()*+,-./`, members: ['{|}~', '\\', '0'], clientMessageId: ` it's "me"; -- ` }],
      ])('comes back as it was committed: %s', async (_, options) => {
        const writer = writing.writer();
        await write([writer.create(options), writer.post({ sender: options.sender ?? '1' })]);
        expect(await readLog(writer)).toEqual(writer.entries);
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
      });

      it.each([
        ['nothing', ''],
        ['emoji beyond the first plane', '😀🏳️‍🌈 \u{10FFFF}'],
        ['a NUL in the middle and at the end', 'a\0b\0'],
        ['line ends, tabs and quotes', '\r\n\t"\'\\ \u2028\ufeff'],
        ['letters that look alike', 'é e\u0301 ﬁ Å\u212b'],
        ['text that looks like JSON', '{"a":[null,1e400]}'],
        ['8 KiB of three-byte letters', '語'.repeat(2730)],
      ])('keeps a body byte for byte: %s', async (_, body) => {
        const writer = writing.writer();
        await write([writer.create(), writer.post({ body })]);
        const entry = await store.entryAt(writer.chatId, { rev: rev(2), seq: seq(1) });
        expect(entry).toEqual(writer.entries[1]);
        expect(hex(Buffer.from(entry?.type === 'message.posted' ? entry.body : 'no message'))).toBe(
          hex(Buffer.from(body)),
        );
      });

      it('keeps the sender’s time as text and the decision’s to the microsecond', async () => {
        const writer = writing.writer();
        const at = micros(1_999_999_999_999_999);
        await write([
          writer.create({ at: micros(1), sentAt: 'yesterday' }),
          writer.post({ at, sentAt: '2026-11-23T10:00:00+01:00' }),
        ]);
        expect(await readLog(writer)).toEqual(writer.entries);
        expect(writer.entries[1]).toMatchObject({ at, sentAt: '2026-11-23T10:00:00+01:00' });
      });

      it('names its recipients in the order they were decided in', async () => {
        const writer = writing.writer();
        const members = Array.from({ length: 99 }, (_, index) => String(1_000 - index));
        expect(members.length + 1).toBe(maxListedRecipients);
        await write([writer.create({ members }), writer.post()]);
        const entry = await store.entryAt(writer.chatId, { rev: rev(2), seq: seq(1) });
        expect(entry?.recipients).toEqual(['1', ...members.toSorted()]);
      });

      it('comes back in order, on both sides of a bucket edge', async () => {
        const writer = writing.writer();
        const decisions = [writer.create(), ...writer.posts(30)];
        writer.rollBucket();
        decisions.push(...writer.posts(30));
        writer.rollBucket();
        await write([...decisions, ...writer.posts(3)]);
        expect(await readLog(writer)).toEqual(writer.entries);
      });

      it('is not found at a position that nobody wrote', async () => {
        const writer = writing.writer();
        await write([writer.create(), ...writer.posts(2)]);
        expect(await store.entryAt(writer.chatId, { rev: rev(4), seq: seq(3) })).toBeUndefined();
        expect(await store.entryAt(writer.chatId, { rev: rev(9), seq: undefined })).toBeUndefined();
        expect(await store.entryAt(cell.newChatId(), { rev: rev(1), seq: undefined })).toBeUndefined();
        expect(await store.entryAt(cell.newChatId(), { rev: rev(2), seq: seq(1) })).toBeUndefined();
      });
    });

    describe('the keys of past commands', () => {
      it('are none while no block is complete, or no chat is there', async () => {
        const writer = writing.writer();
        await write([writer.create(), ...writer.posts(62)]);
        expect(await readBlocks(writer, rev(1))).toEqual([]);
        expect(await readBlocks(writing.writer(), rev(1))).toEqual([]);
      });

      it('are those the writer packed, newest block first', async () => {
        const writer = writing.writer();
        await write([writer.create(), ...writer.posts(99)]);
        expect(await readBlocks(writer, rev(65))).toEqual(blocksOf(writer, 1));
        await write(writer.posts(150));
        expect(await readBlocks(writer, rev(193))).toEqual(blocksOf(writer, 129, 65, 1));
        expect(await readBlocks(writer, rev(129))).toEqual(blocksOf(writer, 65, 1));
      });

      it('are rebuilt from the entries when a block is missing', async () => {
        const writer = writing.writer();
        await write([
          writer.create(),
          ...writer.posts(100),
          ...writer.posts(50, { withoutKeys: true }),
          ...writer.posts(60),
        ]);
        expect(await readBlocks(writer, rev(193))).toEqual(blocksOf(writer, 129, 65, 1));
      });

      it('are rebuilt over bucket edges, the entry that made the chat included', async () => {
        const writer = writing.writer();
        const decisions = [writer.create(), ...writer.posts(20, { withoutKeys: true })];
        for (const count of [30, 30, 60]) {
          writer.rollBucket();
          decisions.push(...writer.posts(count, { withoutKeys: true }));
        }
        await write(decisions);
        expect(await readBlocks(writer, rev(129))).toEqual(blocksOf(writer, 65, 1));
      });

      it('go back as many entries as are asked for', async () => {
        const writer = writing.writer();
        await write([writer.create(), ...writer.posts(255)]);
        expect(await readBlocks(writer, rev(257), beginningOfTime, 128)).toEqual(blocksOf(writer, 193, 129));
        expect(await readBlocks(writer, rev(257), beginningOfTime, 256)).toEqual(blocksOf(writer, 193, 129, 65, 1));
      });

      it('go back to the oldest bucket that was still open then', async () => {
        const writer = writing.writer();
        const decisions = [writer.create(), ...writer.posts(99)];
        for (const _ of [1, 2]) {
          writer.rollBucket();
          decisions.push(...writer.posts(100));
        }
        await write(decisions);
        const [first, second, third] = writer.buckets.map((bucket) => bucket.startedAt);
        const allBlocks = blocksOf(writer, 193, 129, 65, 1);
        expect(await readBlocks(writer, rev(257), micros(first! - 1))).toEqual(allBlocks);
        expect(await readBlocks(writer, rev(257), micros(first! + 1))).toEqual(allBlocks);
        // The second bucket begins at rev 101, the third at rev 201.
        expect(await readBlocks(writer, rev(257), micros(second! + 1))).toEqual(allBlocks.slice(0, 3));
        expect(await readBlocks(writer, rev(257), micros(third! + 1))).toEqual(allBlocks.slice(0, 1));
      });
    });

    describe('a commit', () => {
      it('may be empty', async () => {
        await expect(store.commit([])).resolves.toBeUndefined();
      });

      it('changes nothing when it is repeated', async () => {
        const writer = writing.writer();
        const decisions = [writer.create({ members: ['2', '3', '4'] }), ...writer.posts(40)];
        writer.rollBucket();
        decisions.push(...writer.posts(40));
        await write(decisions);
        await write(decisions);
        for (const decision of decisions.slice(0, 3)) await write([decision]);
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
        expect(await readLog(writer)).toEqual(writer.entries);
        expect(await readBlocks(writer, rev(65))).toEqual(blocksOf(writer, 1));
        await write(writer.posts(2));
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
      });

      it('shows nothing of a command that was rejected', async () => {
        const writer = writing.writer();
        await write([writer.reject(forbidden)]);
        expect(await store.open(writer.chatId)).toBeUndefined();
        await write([writer.create(), writer.post(), writer.reject(forbidden), writer.post()]);
        await write([writer.reject(forbidden)]);
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
        expect(await store.entryAt(writer.chatId, { rev: rev(4), seq: seq(3) })).toBeUndefined();
      });

      it('is readable with everything committed to the chat before it', async () => {
        const writer = writing.writer();
        const decisions = [writer.create(), ...writer.posts(40)];
        const commits = decisions.map((decision) => store.commit([decision]));
        await commits.at(-1);
        const snapshot = await store.open(writer.chatId);
        expect(await readLog(writer)).toEqual(writer.entries);
        await Promise.all(commits);
        store.announced(decisions);
        expect(snapshot).toEqual(snapshotOf(writer));
      });

      it('keeps many chats apart that are written at once', async () => {
        const writers = Array.from({ length: 60 }, () => writing.writer());
        const commits = writers.map((writer) => write([writer.create({ title: writer.chatId })]));
        for (let round = 0; round < 5; round++) {
          for (const writer of writers) commits.push(write([writer.post({ body: `${round} of ${writer.chatId}` })]));
        }
        await Promise.all(commits);
        for (const writer of writers) {
          expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
          expect(await readLog(writer)).toEqual(writer.entries);
        }
      });

      it('refuses at once what can never be stored, and stores nothing of it', async () => {
        const writer = writing.writer();
        const create = writer.create();
        const tooBig = withBody(writer.post(), randomBytes(2 * 1024 * 1024).toString('hex'));
        expect(() => store.commit([create, tooBig])).toThrow(RangeError);
        await store.confirmOwnership();
        expect(await store.open(writer.chatId)).toBeUndefined();
        const other = writing.writer();
        await write([other.create(), other.post()]);
        expect(await store.open(other.chatId)).toEqual(snapshotOf(other));
      });

      it('may say that its events are out more than once', async () => {
        const writer = writing.writer();
        const decisions = [writer.create(), writer.post({ sender: userId('2') })];
        await write(decisions);
        store.announced(decisions);
        store.announced([]);
        await write([writer.post()]);
        expect(await store.open(writer.chatId)).toEqual(snapshotOf(writer));
      });
    });
  });
