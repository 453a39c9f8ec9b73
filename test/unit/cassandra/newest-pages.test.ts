import { beforeEach, describe, expect, it } from 'vitest';
import type { MessageView, PageRequest } from '../../../src/application/ports/chat-reader.ts';
import { chatId, micros, type Rev, rev, seq } from '../../../src/domain/ids.ts';
import type { Head } from '../../../src/infrastructure/cassandra/chat-log.ts';
import { NewestPages } from '../../../src/infrastructure/cassandra/newest-pages.ts';

/** A chat whose bucket 7 holds messages 101 to `last`, and the reads that were made of it. */
class Bucket {
  last = 130;
  nextRev = rev(131);
  body = 'text';
  readonly reads: number[] = [];

  newest = async (_: unknown, bucket: number, limit: number) => {
    this.reads.push(limit);
    const { last, nextRev, body } = this;
    const first = Math.max(101, last - limit + 1);
    const messages = Array.from(
      { length: last - first + 1 },
      (_, i) => ({ seq: seq(first + i), body, post: {} }) as MessageView,
    );
    const start = { bucket, firstSeq: seq(101), firstRev: rev(101), startedAt: micros(0) };
    const head: Head = { ...start, nextSeq: seq(last + 1), nextRev };
    return { head, messages };
  };
}

const chat = chatId('c');
const request = (limit: number, from = 1) =>
  ({ chatId: chat, anchor: { at: 'newest' }, limit, fromSeq: seq(from) }) as const;
const seqsOf = (page: { items: readonly MessageView[] } | undefined) => page?.items.map((item) => Number(item.seq));
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

describe('newest pages', () => {
  let bucket: Bucket;
  let pages: NewestPages;
  beforeEach(() => {
    bucket = new Bucket();
    pages = new NewestPages(1_000_000);
  });
  const read = async (wanted: PageRequest, into = pages) =>
    into.keep(wanted, await bucket.newest(wanted.chatId, 7, wanted.limit));
  const find = (limit: number, nextRev: Rev | undefined = bucket.nextRev, from = 1, openBucket = 7) =>
    pages.find(request(limit, from), { firstBucket: 0, openBucket, nextRev });

  it('are one read when the open bucket holds all of them', async () => {
    const page = await read(request(30));
    expect(bucket.reads).toEqual([30]);
    expect(page).toMatchObject({ hasOlder: true, hasNewer: false, firstSeq: 1, lastSeq: 130 });
    expect(seqsOf(page)).toEqual(down(130, 101));
  });

  it('are no read, and the same object, while the log ends where it ended', async () => {
    const page = await read(request(30));
    expect(pages.bucketOf(chat)).toBe(7);
    expect(find(30)).toBe(page);
    expect(bucket.reads).toHaveLength(1);
    expect(pages.hits).toBe(1);
  });

  it('are read again after any entry, in another bucket, or when the end is not known', async () => {
    await read(request(30));
    expect(find(30, rev(132))).toBeUndefined();
    expect(find(30, rev(130))).toBeUndefined();
    expect(find(30, bucket.nextRev, 1, 8)).toBeUndefined();
    expect(pages.find(request(30), { firstBucket: 0, openBucket: 7, nextRev: undefined })).toBeUndefined();
    [bucket.nextRev, bucket.body] = [rev(132), 'edited'];
    expect((await read(request(30)))?.items[0]?.body).toBe('edited');
    expect(find(30, rev(131))).toBeUndefined();
    expect(find(30)?.items[0]?.body).toBe('edited');
    expect(pages.hits).toBe(1);
  });

  it('serve smaller pages and members who came later, no larger ones', async () => {
    await read(request(20));
    expect(seqsOf(find(5))).toEqual(down(130, 126));
    expect(find(20, bucket.nextRev, 125)).toMatchObject({ hasOlder: false, firstSeq: 125, lastSeq: 130 });
    expect(seqsOf(find(20, bucket.nextRev, 125))).toEqual(down(130, 125));
    expect(seqsOf(find(20))).toEqual(down(130, 111));
    expect(find(21)).toBeUndefined();
    expect(bucket.reads).toEqual([20]);
  });

  it('that reach beyond the open bucket are looked for elsewhere, kept or not', async () => {
    expect(await read(request(31))).toBeUndefined();
    expect(pages.bucketOf(chat)).toBeUndefined();
    await read(request(100, 105));
    expect(seqsOf(find(100, bucket.nextRev, 105))).toEqual(down(130, 105));
    expect(find(100)).toBeUndefined();
  });

  it('show nothing from before the reader’s time, and are not kept while they are empty', async () => {
    expect(await read(request(30, 131))).toMatchObject({ items: [], lastSeq: 0 });
    expect(pages.bucketOf(chat)).toBeUndefined();
    expect(seqsOf(await read(request(30, 125)))).toEqual(down(130, 125));
  });

  it('with a hole are not kept', async () => {
    const torn = async (...of: [unknown, number, number]) => {
      const { head, messages } = await bucket.newest(...of);
      return { head, messages: messages.filter((message) => message.seq !== 120) };
    };
    const found = new NewestPages(1_000_000);
    const readTorn = async (wanted: ReturnType<typeof request>) =>
      found.keep(wanted, await torn(wanted.chatId, 7, wanted.limit));
    expect(seqsOf(await readTorn(request(20)))).toEqual(down(119, 111));
    expect(found.bucketOf(chat)).toBeUndefined();
    await readTorn(request(30, 125));
    expect(found.find(request(30, 125), { firstBucket: 0, openBucket: 7, nextRev: bucket.nextRev })).toBeDefined();
    expect(found.find(request(30), { firstBucket: 0, openBucket: 7, nextRev: bucket.nextRev })).toBeUndefined();
  });

  it('are forgotten when there is no room for them', async () => {
    const small = new NewestPages(50_000);
    await read(request(20), small);
    await read({ ...request(20), chatId: chatId('d') }, small);
    expect([small.bucketOf(chat), small.bucketOf(chatId('d'))]).toEqual([undefined, 7]);
    bucket.body = 'x'.repeat(8_000);
    await read({ ...request(20), chatId: chatId('e') }, small);
    expect(small.bucketOf(chatId('e'))).toBeUndefined();
  });
});
