import { describe, expect, it } from 'vitest';
import type { MessageView, PageRequest } from '../../../src/application/ports/chat-reader.ts';
import type { OpenBucket } from '../../../src/application/ports/chat-store.ts';
import { chatId, micros, rev, seq } from '../../../src/domain/ids.ts';
import type { ChatLog } from '../../../src/infrastructure/cassandra/chat-log.ts';
import { KnownBuckets } from '../../../src/infrastructure/cassandra/known-buckets.ts';
import { readPage } from '../../../src/infrastructure/cassandra/page-reader.ts';

/** A chat of buckets of ten messages each, of which some are dropped, and the reads that were made of it. */
class Log {
  firstBucket = 0;
  openBucket = 99;
  readonly reads: string[] = [];

  #bucket = (bucket: number): OpenBucket => {
    const first = bucket * 10 + 1;
    return { bucket, firstSeq: seq(first), firstRev: rev(first), startedAt: micros(first) };
  };
  #between = (low: number, high: number): OpenBucket[] => {
    const [from, to] = [Math.max(low, this.firstBucket), Math.min(high, this.openBucket)];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => this.#bucket(from + index));
  };
  #messages = (low: number, high: number) =>
    Array.from({ length: Math.max(0, high - low + 1) }, (_, index) => {
      const at = low + index;
      return { seq: seq(at), post: { at: micros(at) } } as MessageView;
    });

  newest = async (_: unknown, bucket: number, limit: number) => {
    this.reads.push('newest');
    const next = bucket * 10 + 11;
    const messages = this.#messages(Math.max(bucket * 10 + 1, next - limit), next - 1);
    return { head: { ...this.#bucket(bucket), nextSeq: seq(next), nextRev: rev(next) }, messages };
  };
  messages = async (_: unknown, bucket: number, low: number, high: number) => {
    this.reads.push('messages');
    if (bucket < this.firstBucket) return [];
    return this.#messages(Math.max(low, bucket * 10 + 1), Math.min(high, bucket * 10 + 10));
  };
  postTimes = async (_: unknown, bucket: number, seqs: readonly number[]) =>
    (await this.messages(_, bucket, seqs[0]!, seqs.at(-1)!))
      .filter((message) => seqs.includes(message.seq))
      .map(({ seq, post: { at } }) => ({ seq, at }));
  bucketsBelow = async (_: unknown, below: number, limit: number) => {
    this.reads.push('buckets');
    return this.#between(0, below - 1)
      .reverse()
      .slice(0, limit);
  };
  bucketsFrom = async (_: unknown, first: number, limit: number) => {
    this.reads.push('buckets');
    return this.#between(first, first + limit - 1);
  };
}

const chat = chatId('c');
const chatWith = (begin: Partial<Log> = {}) => {
  const log = Object.assign(new Log(), begin);
  const known = new KnownBuckets(1_000);
  const page = async (anchor: PageRequest['anchor'], limit = 4) => {
    log.reads.length = 0;
    const { firstBucket, openBucket } = log;
    const request = { chatId: chat, anchor, limit, fromSeq: seq(firstBucket * 10 + 1) };
    const extent = { firstBucket, openBucket };
    const { items } = await readPage(log as unknown as ChatLog, known, request, extent);
    return items.map((item) => Number(item.seq));
  };
  return { log, page };
};
const around = (at: number) => ({ at: 'around', seq: seq(at) }) as const;

describe('a page out of many buckets', () => {
  it('is found with reads of buckets once, and without from then on', async () => {
    const { log, page } = chatWith();
    expect(await page(around(555))).toEqual([556, 555, 554, 553]);
    expect(log.reads.filter((read) => read === 'buckets')).toHaveLength(2);
    for (const at of [555, 559, 545]) {
      expect(await page(around(at))).toContain(at);
      expect(log.reads.filter((read) => read === 'buckets')).toEqual([]);
    }
    await page(around(555));
    expect(log.reads).toEqual(['newest', 'messages']);
  });

  it('needs no search for the newest one over the edge of a bucket', async () => {
    const { log, page } = chatWith();
    expect(await page({ at: 'newest' }, 12)).toEqual(Array.from({ length: 12 }, (_, index) => 1_000 - index));
    expect(log.reads).toEqual(['newest', 'buckets', 'messages']);
  });

  it('reads the open bucket once', async () => {
    const { log } = chatWith();
    const request = { chatId: chat, anchor: { at: 'newest' }, limit: 12, fromSeq: seq(1) } as const;
    const extent = { firstBucket: 0, openBucket: 99 };
    const newest = await log.newest(chat, 99, 12);
    const { items } = await readPage(log as unknown as ChatLog, new KnownBuckets(1_000), request, extent, newest);
    expect(items).toHaveLength(12);
    expect(log.reads).toEqual(['newest', 'buckets', 'messages']);
  });

  it('needs to know nothing of buckets where there is one', async () => {
    const { log, page } = chatWith({ openBucket: 0 });
    expect(await page(around(5))).toEqual([6, 5, 4, 3]);
    expect(log.reads).toEqual(['newest', 'messages']);
  });

  it('is found in buckets that began since, and in those that are left', async () => {
    const { log, page } = chatWith();
    await page(around(555));
    await page(around(15));
    log.openBucket = 120;
    expect(await page(around(1_105))).toEqual([1_106, 1_105, 1_104, 1_103]);
    log.firstBucket = 40;
    expect(await page({ at: 'after', seq: seq(0) })).toEqual([404, 403, 402, 401]);
    expect(await page({ at: 'time', time: micros(7) })).toEqual([404, 403, 402, 401]);
    expect(await page({ at: 'time', time: micros(1_207) })).toEqual([1_208, 1_207, 1_206, 1_205]);
  });

  it('is asked for again where its messages are dropped while it is being read', async () => {
    const { log, page } = chatWith();
    await page(around(15));
    const { messages } = log;
    log.messages = async (...args) => {
      log.firstBucket = 40;
      return messages(...args);
    };
    await expect(page(around(15))).rejects.toThrow('is being dropped');
  });
});

describe('known buckets', () => {
  it('forgets the chats that were asked for longest ago', () => {
    const known = new KnownBuckets(5);
    const extent = { firstBucket: 0, openBucket: 9 };
    const bucket = { bucket: 3, firstSeq: seq(1), firstRev: rev(1), startedAt: micros(1) };
    for (const id of ['a', 'b', 'c']) known.add(chatId(id), [bucket], extent);
    expect(['a', 'b', 'c'].map((id) => known.of(chatId(id), extent).length)).toEqual([0, 1, 1]);
  });

  it('knows only those that are there', () => {
    const known = new KnownBuckets(50);
    const buckets = [3, 4, 7, 9].map((bucket) => ({
      bucket,
      firstSeq: seq(bucket),
      firstRev: rev(bucket),
      startedAt: micros(bucket),
    }));
    known.add(chatId('a'), buckets, { firstBucket: 0 });
    const of = (firstBucket: number, openBucket: number) =>
      known.of(chatId('a'), { firstBucket, openBucket }).map(({ bucket }) => bucket);
    expect([of(0, 9), of(4, 9), of(0, 8), of(5, 6)]).toEqual([[3, 4, 7, 9], [4, 7, 9], [3, 4, 7], []]);
  });

  it('keeps nothing of a chat of which nothing is there', () => {
    const known = new KnownBuckets(5);
    const bucket = { bucket: 3, firstSeq: seq(1), firstRev: rev(1), startedAt: micros(1) };
    const extent = { firstBucket: 4, openBucket: 3 };
    known.add(chatId('a'), [bucket], extent);
    expect(known.of(chatId('a'), extent)).toEqual([]);
  });
});
