import { SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { DirectoryUnavailable } from '../../../src/application/ports/user-directory.ts';
import { type TestApp, testApp, testKey } from '../../support/http/test-app.ts';

let test: TestApp;
beforeEach(() => {
  test = testApp();
  test.ports.directory.profiles = async (ids) =>
    ids.filter((id) => id !== '99').map((id) => ({ userId: id, username: `user-${id}`, avatarUrl: `https://a/${id}` }));
});

const create = (user: number, ids: unknown, url = '/chats/') =>
  test.as(user, { method: 'POST', url, payload: { user_ids: ids } });
const say = (user: number, chat: string, body: string) =>
  test.as(user, { method: 'POST', url: `/v1/chats/${chat}/messages`, payload: { body } });

describe('POST /chats/', () => {
  it('gets or creates the chat of exactly these users, under both addresses', async () => {
    const first = await create(1, [2, 1]);
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual({
      id: expect.stringMatching(/^d-[0-9a-f]{32}$/),
      related_users: [
        { id: 1, username: 'user-1', avatar_url: 'https://a/1' },
        { id: 2, username: 'user-2', avatar_url: 'https://a/2' },
      ],
    });
    expect((await create(2, [1, 2], '/messaging/chats/')).json().id).toBe(first.json().id);
    expect((await create(2, [1, 2], '/chats')).json().id).toBe(first.json().id);
  });

  it('knows chats of one and of more than two', async () => {
    const three = await create(1, [3, 2, 1]);
    expect(three.json().id).toMatch(/^s-/);
    expect((await create(3, [1, 2, 3])).json().id).toBe(three.json().id);
    expect((await create(1, [1])).json()).toMatchObject({ related_users: [{ id: 1 }] });
  });

  it('is refused to who is not one of them', async () => {
    const answer = await create(9, [1, 2]);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toEqual({
      title: 'Chat creation is denied.',
      'Authorization error.': 'You are not permitted to create such chat.',
    });
  });

  it('says 401 when the names cannot be had, and has made nothing', async () => {
    test.ports.directory.profiles = async () => {
      throw new DirectoryUnavailable('away');
    };
    const answer = await create(1, [1, 2]);
    expect([answer.statusCode, answer.json().title]).toEqual([401, 'External server is unavailable.']);
    expect(test.ports.sent).toEqual([]);
  });

  it('lists what is wrong as FastAPI does', async () => {
    const answer = await create(1, 'nobody');
    expect(answer.statusCode).toBe(422);
    expect(answer.json().detail[0]).toMatchObject({ loc: ['body', 'user_ids'] });
  });
});

describe('GET /chats/get-chats', () => {
  it('has the chats with a message, and pushed names at once', async () => {
    const { id } = (await create(1, [1, 2])).json();
    await create(1, [1, 3]);
    await say(1, id, 'hi');
    const renamed = { id: 2, username: 'bella', avatar_url: 'https://b' };
    const update = await test.as(2, { method: 'POST', url: '/chats/update-chat-related-user', payload: renamed });
    expect([update.statusCode, update.body]).toEqual([204, '']);
    const chats = (await test.as(1, { url: '/chats/get-chats' })).json();
    expect(chats).toEqual([{ id, related_users: [expect.objectContaining({ id: 1 }), renamed] }]);
  });

  it('reads a few rosters at a time', async () => {
    const users = Array.from({ length: 20 }, (_, index) => index + 2);
    for (const user of users) await say(1, (await create(1, [1, user])).json().id, 'hi');
    const { chat } = test.ports.reader;
    let [reading, most] = [0, 0];
    test.ports.reader.chat = async (id) => {
      most = Math.max(most, ++reading);
      await new Promise(setImmediate);
      reading--;
      return chat(id);
    };
    const chats: { related_users: { id: number }[] }[] = (await test.as(1, { url: '/chats/get-chats' })).json();
    const others = chats.map(({ related_users }) => related_users.find(({ id }) => id !== 1)?.id);
    expect(others.sort((a, b) => a! - b!)).toEqual(users);
    expect(most).toBe(8);
  });

  it('lets nobody rename somebody else', async () => {
    const payload = { id: 2, username: 'bella', avatar_url: '' };
    const answer = await test.as(1, { method: 'POST', url: '/chats/update-chat-related-user', payload });
    expect([answer.statusCode, answer.json().title]).toEqual([401, 'Chat updating is denied.']);
  });
});

describe('GET /messages/get-messages', () => {
  it('pages back by ten with the id of the oldest as cursor', async () => {
    const { id } = (await create(1, [1, 2])).json();
    for (let n = 1; n <= 12; n++) await say(1, id, `m${n}`);
    const page = (await test.as(2, { url: `/messages/get-messages?chat_id=${id}` })).json();
    expect(page.messages.map((one: { body: string }) => one.body)).toEqual(
      Array.from({ length: 10 }, (_, n) => `m${12 - n}`),
    );
    expect(page).toMatchObject({ cursor: `${id}.3`, previous_messages_exist: true });
    expect(Object.keys(page.messages[0])).toEqual(
      // biome-ignore format: the seed's twelve
      ['id', 'client_message_id', 'chat_id', 'sender_id', 'recipient_id', 'status', 'sent_at', 'delivered_at', 'body', 'is_edited', 'is_deleted', 'reject_reason'],
    );
    // As the page writes it: not encoded.
    const rest = (await test.as(2, { url: `/messages/get-messages?chat_id=${id}&cursor=${page.cursor}` })).json();
    expect(rest).toMatchObject({ messages: [{ body: 'm2' }, { body: 'm1' }], previous_messages_exist: false });
    expect((await test.as(2, { url: `/messages/get-messages?chat_id=${id}&cursor=` })).json()).toEqual(page);
  });

  it('answers where the original fails', async () => {
    const { id } = (await create(1, [1, 2])).json();
    expect((await test.as(1, { url: `/messages/get-messages?chat_id=${id}` })).json()).toEqual({
      messages: [],
      cursor: '',
      previous_messages_exist: false,
    });
    const broken = await test.as(1, { url: `/messages/get-messages?chat_id=${id}&cursor=what` });
    expect(broken.statusCode).toBe(422);
    for (const [user, chat] of [
      [3, id],
      [1, 'unknown'],
      [1, 'not.an.id'],
    ] as const) {
      const answer = await test.as(user, { url: `/messages/get-messages?chat_id=${chat}` });
      expect([answer.statusCode, answer.json().title]).toEqual([401, 'Message retrieval is denied.']);
    }
  });
});

describe('tokens on the seed’s routes', () => {
  const ask = (headers: Record<string, string>) => test.app.inject({ url: '/chats/get-chats', headers });
  const exception = (sentence: string) => ({
    detail: { title: 'Authentication exception.', details: { 'non-field-error': sentence } },
  });

  it('are refused in the seed’s words', async () => {
    const none = await ask({});
    expect([none.statusCode, none.json()]).toEqual([403, { detail: 'Not authenticated' }]);
    const basic = await ask({ authorization: 'Basic abc' });
    expect([basic.statusCode, basic.json()]).toEqual([403, { detail: 'Invalid authentication credentials' }]);
    const bad = await ask({ authorization: 'Bearer abc' });
    expect([bad.statusCode, bad.json()]).toEqual([401, exception('An invalid token was provided.')]);
    const nobody = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(testKey));
    const empty = await ask({ authorization: `Bearer ${nobody}` });
    expect([empty.statusCode, empty.json()]).toEqual([401, exception('Invalid payload in the token.')]);
  });
});
