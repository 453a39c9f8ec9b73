import { expect, it } from 'vitest';
import type { LogExtent } from '../../../src/application/ports/chat-reader.ts';
import { groupOfTwo, post, testApp } from '../../support/http/test-app.ts';

it('reads a page from the buckets that the standing named, unless it has waited since', async () => {
  const test = testApp();
  const chat = await groupOfTwo(test);
  await post(test, 1, chat, { body: 'text' });
  const { reader } = test.ports;
  const { standing, page } = reader;
  const extent = { firstBucket: 0, openBucket: 7, nextRev: undefined };
  const forNewest: (boolean | undefined)[] = [];
  reader.standing = async (chat, user, withNewest) => {
    forNewest.push(withNewest);
    return { ...(await standing(chat, user))!, extent };
  };
  const asked: (LogExtent | undefined)[] = [];
  reader.page = (request) => {
    asked.push(request.extent);
    return page(request);
  };
  for (const query of ['', '?min_rev=2', '?before=2'])
    expect((await test.as(2, { method: 'GET', url: `/v1/chats/${chat}/messages${query}` })).statusCode).toBe(200);
  expect(asked).toEqual([extent, undefined, extent]);
  expect(forNewest).toEqual([true, false, false]);
});
