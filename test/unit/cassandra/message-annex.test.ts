import { expect, it } from 'vitest';
import { chatId, seq } from '../../../src/domain/ids.ts';
import type { DataAccess } from '../../../src/infrastructure/cassandra/data-access.ts';
import { MessageAnnex } from '../../../src/infrastructure/cassandra/message-annex.ts';

it('fetches one row for each bucket when it counts what is deleted, however much that is', async () => {
  const deleted = 10_000;
  let fetched = 0;
  const rows = async (query: string) => {
    const found = /COUNT\(\*\) AS deleted/i.test(query)
      ? [{ deleted }]
      : Array.from({ length: deleted }, (_, index) => ({ seq: index + 1 }));
    fetched += found.length;
    return found;
  };
  const data = { rows, row: async (query: string) => (await rows(query))[0] };
  const buckets = [2, 1, 0].map((bucket) => ({ bucket, firstSeq: seq(bucket * 20_000 + 1) }));
  const log = { bucketsBack: async () => buckets };
  const annex = new MessageAnnex(data as unknown as DataAccess, log as never, {} as never);
  expect(await annex.deletedAbove(chatId('c'), 0, buckets[0]!)).toBe(3 * deleted);
  expect(fetched).toBe(3);
});
