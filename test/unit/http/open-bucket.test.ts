import { expect, it } from 'vitest';
import { groupOfTwo, post, testApp } from '../../support/http/test-app.ts';

it('reads the newest page from the bucket that was open, unless it has waited since', async () => {
  const test = testApp();
  const chat = await groupOfTwo(test);
  await post(test, 1, chat, { body: 'text' });
  const { reader } = test.ports;
  const { standing, page } = reader;
  reader.standing = async (...of) => ({ ...(await standing(...of))!, openBucket: 7 });
  const asked: (number | undefined)[] = [];
  reader.page = (request) => {
    asked.push(request.openBucket);
    return page(request);
  };
  for (const query of ['', '?min_rev=2'])
    expect((await test.as(2, { method: 'GET', url: `/v1/chats/${chat}/messages${query}` })).statusCode).toBe(200);
  expect(asked).toEqual([7, undefined]);
});
