import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessagePage, MessageView, PageRequest } from '../../src/application/ports/chat-reader.ts';
import { defaultSettings } from '../../src/domain/chat/chat-state.ts';
import { type ChatId, micros, type Seq, seq, userId } from '../../src/domain/ids.ts';
import {
  beginWriting,
  type CellHarness,
  patient,
  type StartCell,
  type WritingSession,
} from '../support/cell-harness.ts';
import type { ChatWriter } from '../support/decisions.ts';

type Anchor = PageRequest['anchor'];

const messagesOf = ({ views }: ChatWriter): MessageView[] => [...views];
const seqsOf = (page: MessagePage | undefined) => page?.items.map((message) => message.seq as number);
/** high, high − 1 … low */
const downTo = (high: number, low: number) =>
  Array.from({ length: Math.max(0, high - low + 1) }, (_, index) => high - index);

/** Somebody who was there from the beginning. */
const founder = { role: 'member', fromSeq: 1, fromRev: 1, mutedUntil: null, hides: false };

/** To the implementer: every test has chats of its own, so the store need not be empty. */
export const chatReaderContract = (name: string, start: StartCell) =>
  describe(`ChatReader contract: ${name}`, patient, () => {
    let cell: CellHarness;
    let writing: WritingSession;
    /** 120 messages: 1–40 in the first bucket, 41–80 in the second, 81–120 in the third. */
    let long: ChatWriter;

    beforeAll(async () => {
      cell = await start();
      writing = await beginWriting(cell);
      long = writing.writer();
      const decisions = [long.create()];
      for (let bucket = 0; bucket < 3; bucket++) {
        if (bucket > 0) long.rollBucket();
        decisions.push(...long.posts(40));
      }
      await writing.write(decisions);
    }, patient.timeout);
    afterAll(async () => {
      await writing?.end();
      await cell?.close();
    }, patient.timeout);

    const page = (chatId: ChatId, anchor: Anchor, limit: number, fromSeq = 1) =>
      cell.reader.page({ chatId, anchor, limit, fromSeq: seq(fromSeq) });
    const longPage = (anchor: Anchor, limit: number) => page(long.chatId, anchor, limit);
    const olderThan = (at: number): Anchor => ({ at: 'before', seq: seq(at) });
    const newerThan = (at: number): Anchor => ({ at: 'after', seq: seq(at) });
    const around = (at: number): Anchor => ({ at: 'around', seq: seq(at) });
    const newest: Anchor = { at: 'newest' };

    it('answers a ping', async () => {
      await expect(cell.reader.ping()).resolves.toBeUndefined();
    });

    it('names a chat’s home once somebody has claimed it, and not before', async () => {
      const { chatId } = writing.writer();
      expect(await cell.reader.home(chatId)).toBeUndefined();
      const { shard } = writing.tenure;
      await writing.store.claimHome(chatId, shard);
      expect(await cell.reader.home(chatId)).toBe(shard);
    });

    describe('a chat', () => {
      it('is undefined when nobody created it', async () => {
        const chatId = cell.newChatId();
        expect(await cell.reader.chat(chatId)).toBeUndefined();
        expect(await cell.reader.standing(chatId, userId('1'))).toBeUndefined();
        expect(await page(chatId, newest, 50)).toBeUndefined();
        expect(await page(chatId, around(1), 50)).toBeUndefined();
      });

      it('shows its settings, and its members with the creator first', async () => {
        const writer = writing.writer();
        await writing.write([writer.create({ title: 'Öffnung 🎉', sender: '5', members: ['9', '10', '2'] })]);
        expect(await cell.reader.chat(writer.chatId)).toEqual({
          id: writer.chatId,
          kind: 'group',
          settings: { ...defaultSettings, title: 'Öffnung 🎉' },
          members: [
            { userId: '5', ...founder, role: 'owner' },
            { userId: '10', ...founder },
            { userId: '2', ...founder },
            { userId: '9', ...founder },
          ],
          lastSeq: 0,
          rev: 1,
          firstSeq: 1,
          firstRev: 1,
        });
      });

      it('shows a direct chat without a title', async () => {
        const writer = writing.writer();
        await writing.write([writer.create({ kind: 'direct', members: ['2'] }), ...writer.posts(3)]);
        expect(await cell.reader.chat(writer.chatId)).toMatchObject({
          kind: 'direct',
          settings: defaultSettings,
          lastSeq: 3,
          rev: 4,
        });
      });

      it('moves on with every message', async () => {
        const writer = writing.writer();
        await writing.write([writer.create()]);
        for (const lastSeq of [1, 2, 3]) {
          await writing.write([writer.post()]);
          expect(await cell.reader.chat(writer.chatId)).toMatchObject({ lastSeq, rev: lastSeq + 1 });
        }
      });

      it('shows all of 10,000 members', async () => {
        const writer = writing.writer();
        const members = Array.from({ length: 9_999 }, (_, index) => `user-${index}`);
        await writing.write([writer.create({ members })]);
        const chat = await cell.reader.chat(writer.chatId);
        expect(chat?.members.map((member) => member.userId)).toEqual(['1', ...members.toSorted()]);
        expect(await cell.reader.standing(writer.chatId, userId('user-9998'))).toMatchObject({ member: founder });
      });
    });

    it('tells a user’s standing, and a stranger’s', async () => {
      const writer = writing.writer();
      await writing.write([writer.create({ kind: 'direct', sender: '1', members: ['2'] })]);
      const standing = { kind: 'direct', settings: defaultSettings, firstSeq: 1, firstRev: 1 };
      const of = (id: string) => cell.reader.standing(writer.chatId, userId(id));
      expect(await of('1')).toMatchObject({ ...standing, member: { ...founder, role: 'owner' } });
      expect(await of('2')).toMatchObject({ ...standing, member: founder });
      expect(await of('3')).toMatchObject({ ...standing, member: undefined });
    });

    it('tells the head of a chat, and of none', async () => {
      const writer = writing.writer();
      expect(await cell.reader.head(writer.chatId)).toBeUndefined();
      await writing.write([writer.create()]);
      expect(await cell.reader.head(writer.chatId)).toEqual({ rev: 1, seq: 0 });
      await writing.write(writer.posts(3));
      expect(await cell.reader.head(writer.chatId)).toEqual({ rev: 4, seq: 3 });
    });

    describe('a page', () => {
      it('of a chat without messages is empty, wherever it lies', async () => {
        const writer = writing.writer();
        await writing.write([writer.create()]);
        for (const anchor of [newest, olderThan(1), olderThan(10), newerThan(0), newerThan(10), around(1)]) {
          expect(await page(writer.chatId, anchor, 50)).toEqual({
            items: [],
            hasOlder: false,
            hasNewer: false,
            firstSeq: 0,
            lastSeq: 0,
          });
        }
      });

      it('holds whole messages, as they were posted', async () => {
        const writer = writing.writer();
        const bodies = ['', 'a\0b', '👩‍👩‍👧‍👦 日本語', '語'.repeat(2730), 'é e\u0301'];
        const posts = [writer.create(), ...bodies.map((body) => writer.post({ body, sentAt: 'once' }))];
        await writing.write(posts);
        expect((await page(writer.chatId, newest, 50))?.items).toEqual(messagesOf(writer).reverse());
      });

      it('of a direct chat names the other member as the recipient', async () => {
        const writer = writing.writer();
        await writing.write([
          writer.create({ kind: 'direct', members: ['2'] }),
          writer.post(),
          writer.post({ sender: '2' }),
        ]);
        const items = (await page(writer.chatId, newest, 50))?.items;
        expect(items).toEqual(messagesOf(writer).reverse());
        expect(items?.map((message) => message.post.recipientId)).toEqual(['1', '2']);
      });

      it('finds the newest page from the open bucket as well as without, and when that is not there', async () => {
        for (const limit of [1, 39, 40, 41, 100])
          for (const from of [1, 81, 100, 120, 121])
            for (const openBucket of [long.buckets.at(-1)!.bucket, 1_000]) {
              const request = { chatId: long.chatId, anchor: newest, limit, fromSeq: seq(from) };
              expect(
                await cell.reader.page({ ...request, extent: { firstBucket: 0, openBucket, nextRev: undefined } }),
              ).toEqual(await cell.reader.page(request));
            }
      });

      it.each<[string, Anchor, number, number, number]>([
        ['the newest message', newest, 1, 120, 120],
        ['the newest 50, over a bucket edge', newest, 50, 120, 71],
        ['the newest 100, over two bucket edges', newest, 100, 120, 21],
        ['one before', olderThan(61), 1, 60, 60],
        ['50 before', olderThan(61), 50, 60, 11],
        ['100 before, as far as there are', olderThan(61), 100, 60, 1],
        ['exactly up to the first', olderThan(51), 50, 50, 1],
        ['before the second', olderThan(2), 50, 1, 1],
        ['before the first', olderThan(1), 50, 0, 1],
        ['before the first of a bucket', olderThan(41), 10, 40, 31],
        ['before a message to come', olderThan(121), 10, 120, 111],
        ['before one that is far away', olderThan(1_000), 10, 120, 111],
        ['one after', newerThan(60), 1, 61, 61],
        ['50 after', newerThan(60), 50, 110, 61],
        ['100 after, as far as there are', newerThan(60), 100, 120, 61],
        ['from the first on', newerThan(0), 50, 50, 1],
        ['exactly up to the last', newerThan(70), 50, 120, 71],
        ['after the last but one', newerThan(119), 50, 120, 120],
        ['after the last', newerThan(120), 50, 0, 1],
        ['after the last of a bucket', newerThan(40), 10, 50, 41],
        ['after one that is far away', newerThan(1_000), 10, 0, 1],
        ['around one alone', around(60), 1, 60, 60],
        ['around one, with a neighbour each', around(60), 3, 61, 59],
        ['around the last of a bucket', around(40), 5, 42, 38],
        ['around the first of a bucket', around(81), 51, 106, 56],
      ])('holds %s', async (_, anchor, limit, high, low) => {
        const found = await longPage(anchor, limit);
        expect(seqsOf(found)).toEqual(downTo(high, low));
        expect(found?.items).toEqual(
          messagesOf(long)
            .slice(low - 1, Math.max(high, low - 1))
            .reverse(),
        );
        expect(found).toMatchObject({ firstSeq: 1, lastSeq: 120 });
      });

      it('says whether there is more on either side', async () => {
        const more = async (anchor: Anchor, limit: number) => {
          const found = await longPage(anchor, limit);
          return [found?.hasOlder, found?.hasNewer];
        };
        expect(await more(newest, 100)).toEqual([true, false]);
        expect(await more(olderThan(61), 59)).toEqual([true, true]);
        expect(await more(olderThan(61), 60)).toEqual([false, true]);
        expect(await more(olderThan(121), 10)).toEqual([true, false]);
        expect(await more(olderThan(1), 10)).toEqual([false, true]);
        expect(await more(newerThan(60), 59)).toEqual([true, true]);
        expect(await more(newerThan(60), 60)).toEqual([true, false]);
        expect(await more(newerThan(0), 10)).toEqual([false, true]);
        expect(await more(newerThan(120), 10)).toEqual([true, false]);
        expect(await more(around(60), 3)).toEqual([true, true]);
      });

      it.each([
        [1, 50],
        [2, 3],
        [10, 100],
        [119, 3],
        [120, 50],
        [60, 2],
        [60, 50],
        [60, 100],
      ])('around message %i with a limit of %i holds it, its neighbours, and no more', async (at, limit) => {
        const found = await longPage(around(at), limit);
        const seqs = seqsOf(found)!;
        expect(seqs).toContain(at);
        expect(seqs.length).toBeLessThanOrEqual(limit);
        expect(seqs).toEqual(downTo(seqs[0]!, seqs.at(-1)!));
        expect(seqs[0]! - at).toBeGreaterThanOrEqual(Math.min(120 - at, Math.floor((limit - 1) / 2)));
        expect(at - seqs.at(-1)!).toBeGreaterThanOrEqual(Math.min(at - 1, Math.floor((limit - 1) / 2)));
        expect(found).toMatchObject({ hasOlder: seqs.at(-1)! > 1, hasNewer: seqs[0]! < 120 });
      });

      it.each([1, 7, 40, 50, 100])(
        'of %i is followed by older ones until every message was seen once',
        async (limit) => {
          const seen: MessageView[] = [];
          let anchor: Anchor = newest;
          for (let pages = 0; pages < 120; pages++) {
            const found = await longPage(anchor, limit);
            seen.push(...found!.items);
            if (!found!.hasOlder) break;
            anchor = olderThan(seen.at(-1)!.seq);
          }
          expect(seen.reverse()).toEqual(messagesOf(long));
        },
      );

      it.each([1, 7, 40, 50, 100])(
        'of %i is followed by newer ones until every message was seen once',
        async (limit) => {
          const seen: MessageView[] = [];
          let anchor: Anchor = newerThan(0);
          for (let pages = 0; pages < 120; pages++) {
            const found = await longPage(anchor, limit);
            seen.push(...found!.items.toReversed());
            if (!found!.hasNewer) break;
            anchor = newerThan(seen.at(-1)!.seq);
          }
          expect(seen).toEqual(messagesOf(long));
        },
      );

      it('holds messages on both sides of several small buckets', async () => {
        const writer = writing.writer();
        const decisions = [writer.create()];
        for (let bucket = 0; bucket < 8; bucket++) {
          writer.rollBucket();
          decisions.push(...writer.posts(2));
        }
        await writing.write(decisions);
        expect(seqsOf(await page(writer.chatId, newest, 50))).toEqual(downTo(16, 1));
        expect(seqsOf(await page(writer.chatId, newerThan(3), 9))).toEqual(downTo(12, 4));
      });

      it.each<[string, Anchor, number, number, number]>([
        ['the newest', newest, 50, 120, 100],
        ['those before', olderThan(110), 50, 109, 100],
        ['none before the first', olderThan(50), 50, 99, 100],
        ['those after, from the first on', newerThan(3), 5, 104, 100],
        ['around the first', around(100), 5, 104, 100],
        ['around one that is not shown', around(7), 5, 104, 100],
      ])('shows a member who came at message 100 nothing older: %s', async (_, anchor, limit, high, low) => {
        const found = await page(long.chatId, anchor, limit, 100);
        expect(seqsOf(found)).toEqual(downTo(high, low));
        expect(found).toMatchObject({ hasOlder: false, hasNewer: high < 120, firstSeq: 100, lastSeq: 120 });
      });

      it('is empty for somebody who came after the last message', async () => {
        const nothing = { items: [], hasOlder: false, hasNewer: false, firstSeq: 0, lastSeq: 0 };
        for (const anchor of [newest, olderThan(50), newerThan(50), around(50)])
          expect(await page(long.chatId, anchor, 50, 121)).toEqual(nothing);
      });

      it('lies around the first message that was posted at a time or later', async () => {
        const at = (time: number): Anchor => ({ at: 'time', time: micros(time) });
        const timeOf = (number: number) => long.view(number)!.post.at as number;
        expect(seqsOf(await longPage(at(timeOf(60)), 3))).toEqual([61, 60, 59]);
        expect(seqsOf(await longPage(at(timeOf(59) + 1), 3))).toEqual([61, 60, 59]);
        expect(seqsOf(await longPage(at(timeOf(60) + 1), 1))).toEqual([61]);
        expect(seqsOf(await longPage(at(timeOf(40) + 1), 1))).toEqual([41]);
        expect(seqsOf(await longPage(at(timeOf(41)), 1))).toEqual([41]);
        expect(seqsOf(await longPage(at(0), 3))).toEqual([3, 2, 1]);
        expect(seqsOf(await longPage(at(timeOf(120) + 1), 3))).toEqual([120, 119, 118]);
        expect(seqsOf(await page(long.chatId, at(0), 3, 100))).toEqual([102, 101, 100]);
        expect(await longPage(at(timeOf(60)), 3)).toMatchObject({ hasOlder: true, hasNewer: true });
      });

      it('never has a hole while messages are being written', async () => {
        const writer = writing.writer();
        await writing.write([writer.create()]);
        const commits = writer.posts(100).map((decision) => writing.write([decision]));
        const written = Promise.all(commits);
        let done = false;
        written.finally(() => {
          done = true;
        });
        let last: Seq | 0 = 0;
        while (!done) {
          const seqs = seqsOf(await page(writer.chatId, newest, 100))!;
          expect(seqs).toEqual(downTo(seqs[0] ?? 0, 1));
          expect(seqs[0] ?? 0).toBeGreaterThanOrEqual(last);
          last = seq(seqs[0] ?? 0);
          await new Promise(setImmediate);
        }
        await written;
        expect(seqsOf(await page(writer.chatId, newest, 100))).toEqual(downTo(100, 1));
      });
    });
  });
