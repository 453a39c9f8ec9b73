import { expect, it } from 'vitest';
import { chatId, seq } from '../../../src/domain/ids.ts';
import { CassandraChatReader } from '../../../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import type { DataAccess } from '../../../src/infrastructure/cassandra/data-access.ts';

it('a page that must see a newer bucket does not wait for one that sees an older', async () => {
  const buckets: unknown[] = [];
  const rows = async (query: string, [, bucket]: readonly unknown[]) => {
    if (query.includes('FROM messages')) buckets.push(bucket);
    return [];
  };
  const reader = new CassandraChatReader({ rows } as unknown as DataAccess);
  const page = (openBucket: number) =>
    reader.page({
      chatId: chatId('c'),
      anchor: { at: 'around', seq: seq(5) },
      limit: 10,
      fromSeq: seq(1),
      extent: { firstBucket: openBucket, openBucket, nextRev: undefined },
    });
  // The second waits for the first; the third could share its turn.
  const pages = await Promise.allSettled([page(1), page(1), page(2)]);
  expect(pages.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(buckets.toSorted()).toEqual([1, 1, 2]);
});
