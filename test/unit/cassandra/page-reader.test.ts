import { describe, expect, it } from 'vitest';
import type { MessageView } from '../../../src/application/ports/chat-reader.ts';
import { chatId, micros, rev, seq } from '../../../src/domain/ids.ts';
import type { ChatLog } from '../../../src/infrastructure/cassandra/chat-log.ts';
import { readPage } from '../../../src/infrastructure/cassandra/page-reader.ts';

const messageAt = (at: number) => ({ seq: seq(at), post: { at: micros(at) } }) as MessageView;

/** A chat whose bucket 7 holds messages 101 to 130, and that says which reads were made of it. */
const chat = () => {
  const reads: string[] = [];
  const head = {
    bucket: 7,
    firstSeq: seq(101),
    firstRev: rev(101),
    startedAt: micros(0),
    nextSeq: seq(131),
    nextRev: rev(131),
  };
  const log = {
    newest: async (_: unknown, bucket: number, limit: number) => {
      reads.push(`newest ${limit} of bucket ${bucket}`);
      return {
        head,
        messages: Array.from({ length: Math.min(30, limit) }, (_, i) => messageAt(131 - Math.min(30, limit) + i)),
      };
    },
    newestBuckets: async () => {
      reads.push('buckets');
      return { buckets: [head, { ...head, bucket: 6, firstSeq: seq(1), firstRev: rev(1) }], isWhole: true };
    },
    messages: async (_: unknown, bucket: number, low: number, high: number) => {
      reads.push(`${low} to ${high} of bucket ${bucket}`);
      return Array.from({ length: high - low + 1 }, (_, i) => messageAt(low + i));
    },
  };
  return { reads, log: log as unknown as ChatLog };
};

describe('a page out of Cassandra', () => {
  const newest = { chatId: chatId('c'), anchor: { at: 'newest' }, fromSeq: seq(1), openBucket: 7 } as const;

  it('is one read when the open bucket is known and holds all of it', async () => {
    const { reads, log } = chat();
    const page = await readPage(log, { ...newest, limit: 30 });
    expect(reads).toEqual(['newest 30 of bucket 7']);
    expect(page).toMatchObject({ hasOlder: true, hasNewer: false, firstSeq: 1, lastSeq: 130 });
    expect(page!.items.map((item) => item.seq)).toEqual(Array.from({ length: 30 }, (_, i) => 130 - i));
  });

  it('is looked for when it reaches beyond the open bucket', async () => {
    const { reads, log } = chat();
    const page = await readPage(log, { ...newest, limit: 31 });
    expect(reads).toEqual(['newest 31 of bucket 7', 'buckets', 'newest 31 of bucket 7', '100 to 100 of bucket 6']);
    expect(page!.items).toHaveLength(31);
  });

  it('shows nothing from before the reader’s time', async () => {
    const { reads, log } = chat();
    const page = await readPage(log, { ...newest, limit: 30, fromSeq: seq(125) });
    expect(page).toMatchObject({ hasOlder: false, firstSeq: 125, lastSeq: 130 });
    expect(page!.items.map((item) => item.seq)).toEqual([130, 129, 128, 127, 126, 125]);
    expect(await readPage(log, { ...newest, limit: 30, fromSeq: seq(131) })).toMatchObject({ items: [], lastSeq: 0 });
    expect(reads).toHaveLength(2);
  });
});
