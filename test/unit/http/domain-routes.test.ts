import { beforeEach, describe, expect, it } from 'vitest';
import { groupOfTwo, post, type TestApp, testApp } from '../../support/http/test-app.ts';

let test: TestApp;
let chat: string;
beforeEach(async () => {
  test = testApp();
  chat = await groupOfTwo(test);
});

const call = (user: number, method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) =>
  test.as(user, { method, url: `/v1/chats/${chat}${path}`, ...(payload !== undefined && { payload }) });
const posted = (user: number, body: string) => post(test, user, chat, { body });

describe('a message', () => {
  it('is edited, shows it, and keeps its versions', async () => {
    await posted(1, 'one');
    const edited = await call(1, 'PATCH', '/messages/1', { body: 'two', if_version: 1 });
    expect(edited.statusCode).toBe(200);
    expect(edited.json()).toMatchObject({ type: 'message.edited', body: 'two', version: 2, is_edited: true, seq: 1 });
    expect((await call(2, 'GET', '/messages/1')).json()).toMatchObject({ body: 'two', is_edited: true, version: 2 });
    expect((await call(2, 'GET', '/messages')).json().items[0]).toMatchObject({ body: 'two' });
    expect((await call(2, 'GET', '/messages/1/versions')).json().items).toMatchObject([
      { version: 1, body: 'one', sender_id: 1 },
      { version: 2, body: 'two', sender_id: 1 },
    ]);
    const conflict = await call(1, 'PATCH', '/messages/1', { body: 'three', if_version: 1 });
    expect([conflict.statusCode, conflict.json().code]).toEqual([409, 'VERSION_CONFLICT']);
  });

  it('leaves a stub when it is deleted, and no text anywhere', async () => {
    await posted(1, 'secret');
    await call(1, 'PATCH', '/messages/1', { body: 'still secret' });
    expect((await call(1, 'DELETE', '/messages/1')).json()).toMatchObject({ is_deleted: true, body: '', seq: 1 });
    for (const path of ['/messages', '/messages/1', '/messages/1/versions', '/changes']) {
      const answer = await call(2, 'GET', path);
      expect(answer.statusCode, path).toBe(200);
      expect(answer.body, path).not.toContain('secret');
    }
    expect((await call(1, 'PATCH', '/messages/1', { body: 'x' })).json().code).toBe('TARGET_DELETED');
    expect((await posted(1, 'next')).json().seq).toBe(2);
  });

  it('may be deleted by one for themself only', async () => {
    await posted(1, 'hi');
    expect((await call(2, 'DELETE', '/messages/1?for=me')).statusCode).toBe(200);
    expect((await call(2, 'GET', '/messages')).json().items[0]).toMatchObject({ is_deleted: true, body: '' });
    expect((await call(2, 'GET', '/messages/1')).json()).toMatchObject({ is_deleted: true, body: '' });
    expect((await call(1, 'GET', '/messages')).json().items[0]).toMatchObject({ is_deleted: false, body: 'hi' });
    const seen = (await call(1, 'GET', '/changes')).json().items;
    expect(seen.at(-1)).toEqual({ type: 'none', rev: 3 });
    expect((await call(2, 'GET', '/changes')).json().items.at(-1)).toMatchObject({ scope: 'me' });
  });

  it('has what was posted with it', async () => {
    await posted(1, 'hi');
    const extras = {
      reply_to: 1,
      mentions: [2],
      attachments: [{ url: 'https://example.org/a.png', name: 'a.png', media_type: 'image/png', size: 12 }],
    };
    expect((await post(test, 1, chat, { body: 're', ...extras })).json()).toMatchObject(extras);
    expect((await call(2, 'GET', '/messages/2')).json()).toMatchObject(extras);
    const broken = await post(test, 1, chat, { body: 're', reply_to: 9 });
    expect([broken.statusCode, broken.json().code]).toEqual([404, 'TARGET_NOT_FOUND']);
  });

  it('is reacted to, twice as good as once', async () => {
    await posted(1, 'hi');
    const thumb = `/messages/1/reactions/${encodeURIComponent('👍')}`;
    for (const user of [1, 2, 2]) expect((await call(user, 'PUT', thumb)).statusCode).toBe(200);
    expect((await call(2, 'GET', '/messages/1')).json().reactions).toEqual({ '👍': 2 });
    expect((await call(2, 'GET', '/messages/1/reactions')).json().items).toEqual([
      { user_id: 1, emoji: ['👍'] },
      { user_id: 2, emoji: ['👍'] },
    ]);
    expect((await call(1, 'DELETE', thumb)).json()).toMatchObject({ reactions: { '👍': 1 } });
    expect((await call(1, 'PUT', '/messages/1/reactions/no%20emoji')).statusCode).toBe(400);
  });
});

describe('members', () => {
  it('come, change, and go', async () => {
    await posted(1, 'before');
    const added = await call(1, 'POST', '/members', { user_id: 3 });
    expect([added.statusCode, added.json()]).toMatchObject([201, { type: 'member.added', user_id: 3, role: 'member' }]);
    expect((await call(3, 'GET', '/messages')).json().items).toEqual([]);
    expect((await call(3, 'GET', '/messages/1')).json().code).toBe('TARGET_NOT_FOUND');
    await posted(1, 'after');
    expect((await call(3, 'GET', '/messages')).json()).toMatchObject({
      items: [{ body: 'after' }],
      first_seq: 2,
      has_older: false,
    });
    expect((await call(1, 'PUT', '/members/3/role', { role: 'admin' })).json()).toMatchObject({ role: 'admin' });
    const until = '2030-01-01T00:00:00Z';
    expect((await call(1, 'PUT', '/members/3/mute', { until })).json().until).toMatch(/^2030-01-01T00:00:00/);
    expect((await call(1, 'GET', '/members')).json().items.at(-1)).toMatchObject({
      user_id: 3,
      role: 'admin',
      from_seq: 2,
    });
    expect((await call(1, 'GET', '/members?limit=1')).json()).toMatchObject({
      items: [{ user_id: 1 }],
      has_more: true,
    });
    expect((await call(1, 'GET', '/members?after=1&limit=5')).json().items).toMatchObject([
      { user_id: 2 },
      { user_id: 3 },
    ]);
    expect((await call(1, 'DELETE', '/members/3')).statusCode).toBe(200);
    for (const path of ['', '/messages', '/changes', '/members', '/read-marker', '/integrity'])
      expect((await call(3, 'GET', path)).json().code, path).toBe('CHAT_NOT_FOUND');
    expect((await posted(3, 'x')).json().code).toBe('CHAT_NOT_FOUND');
  });
});

describe('following a chat', () => {
  it('gives every entry once, in order, page by page', async () => {
    for (let n = 1; n <= 5; n++) await posted(1, `m${n}`);
    await call(1, 'PATCH', '', { title: 'Trip' });
    const revs: number[] = [];
    let since = '';
    for (let more = true; more; ) {
      const page = (await call(2, 'GET', `/changes?limit=3${since}`)).json();
      revs.push(...page.items.map((item: { rev: number }) => item.rev));
      since = `&since=${page.next}`;
      more = page.has_more;
    }
    expect(revs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect((await call(2, 'GET', `/changes?limit=3${since}`)).json()).toMatchObject({ items: [], has_more: false });
  });

  it('refuses tokens of other chats and of nobody', async () => {
    const { next } = (await call(1, 'GET', '/changes')).json();
    const other = await test.as(1, { method: 'POST', url: '/v1/chats', payload: { kind: 'group', member_ids: [] } });
    const answer = await test.as(1, { url: `/v1/chats/${other.json().id}/changes?since=${next}` });
    expect(answer.json().code).toBe('VALIDATION_FAILED');
    expect((await call(1, 'GET', '/changes?since=nonsense')).json().code).toBe('VALIDATION_FAILED');
  });

  it('waits for a rev that is not there yet, and says so when it does not come', async () => {
    const waiting = call(2, 'GET', '/messages?min_rev=2');
    await posted(1, 'hi');
    expect((await waiting).json().items).toHaveLength(1);
    const late = await call(2, 'GET', '/messages?min_rev=99');
    expect([late.statusCode, late.json().code]).toEqual([409, 'NOT_YET']);
  });
});

describe('read markers', () => {
  it('only move forward, never past the last message, and unread is said explicitly', async () => {
    for (let n = 1; n <= 3; n++) await posted(1, `m${n}`);
    const move = async (body: object) => (await call(2, 'PUT', '/read-marker', body)).json();
    expect(await move({ read_seq: 2 })).toEqual({ read_seq: 2, unread_from: null });
    expect(await move({ read_seq: 1 })).toEqual({ read_seq: 2, unread_from: null });
    expect(await move({ read_seq: 99 })).toEqual({ read_seq: 3, unread_from: null });
    expect(await move({ unread_from: 2 })).toEqual({ read_seq: 3, unread_from: 2 });
    const list = async () => (await test.as(2, { url: '/v1/chats' })).json().items;
    expect((await list())[0]).toMatchObject({ id: chat, unread_count: 2, last_message: { body: 'm3' } });
    expect(await move({ unread_from: null })).toEqual({ read_seq: 3, unread_from: null });
    await posted(1, 'm4');
    await posted(1, 'm5');
    await call(1, 'DELETE', '/messages/4');
    expect((await list())[0]).toMatchObject({ unread_count: 1, read_seq: 3 });
  });
});

describe('what became of a command', () => {
  it('is its event, for its sender only', async () => {
    await post(test, 1, chat, { body: 'hi', client_message_id: 'mine' });
    expect((await call(1, 'GET', '/commands/mine')).json()).toMatchObject({ type: 'message.posted', body: 'hi' });
    expect((await call(2, 'GET', '/commands/mine')).json().code).toBe('TARGET_NOT_FOUND');
  });
});

describe('a command that nobody could read', () => {
  it('is refused at once, and not sent', async () => {
    const before = test.ports.sent.length;
    const answer = await call(1, 'PATCH', '', { client_message_id: 'nothing' });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(test.ports.sent).toHaveLength(before);
  });
});

describe('the rest', () => {
  it('says whether a log is whole', async () => {
    await posted(1, 'hi');
    expect((await call(1, 'GET', '/integrity')).json()).toMatchObject({ dense: true, messages: 1, changes: 1 });
  });

  it('tells its limits', async () => {
    expect((await test.as(1, { url: '/v1/limits' })).json()).toMatchObject({
      max_body_bytes: 8192,
      max_members: 10000,
    });
  });

  it('finds the page around a time', async () => {
    await posted(1, 'hi');
    expect((await call(1, 'GET', '/messages?time=2020-01-01T00:00:00Z')).json().items).toHaveLength(1);
    expect((await call(1, 'GET', '/messages?time=yesterday')).statusCode).toBe(400);
    expect((await call(1, 'GET', '/messages?time=2020-01-01T00:00:00Z&before=3')).statusCode).toBe(400);
  });

  it('repeats a command without doing it again', async () => {
    const first = await call(1, 'PATCH', '', { title: 'Trip', client_message_id: 'same' });
    const again = await call(1, 'PATCH', '', { title: 'Trip', client_message_id: 'same' });
    expect(again.body).toBe(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await call(1, 'PATCH', '', { title: 'Other', client_message_id: 'same' })).json().code).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });
});

describe('the policy, explained', () => {
  const explain = (user: number | string, payload: object) =>
    test.as(user, { method: 'POST', url: '/v1/policy/explain', payload });

  it('says what would be decided, by which rules and with which facts, and changes nothing', async () => {
    await posted(2, 'one');
    test.ports.policy.decide = async (requests) => {
      test.ports.asked.push(...requests);
      return [
        { effect: 'deny', code: 'FORBIDDEN', reason: 'No.', basis: { policy: 'q0Zt3m9A', rules: ['members-write'] } },
      ];
    };
    const question = { user_id: 2, action: 'message:edit', chat_id: chat, seq: 1, about_user_id: 1, new_role: 'guest' };
    const answer = await explain(1, question);
    expect(answer.json()).toEqual({
      effect: 'deny',
      code: 'FORBIDDEN',
      reason: 'No.',
      policy: 'q0Zt3m9A',
      rules: [{ id: 'members-write', effect: 'permit', place: 'messages.cedar:3' }],
      facts: test.ports.asked.at(-1)!.facts,
    });
    expect(answer.json().facts).toMatchObject({
      is_member: true,
      role: 'member',
      chat_kind: 'group',
      is_author: true,
      target_role: 'owner',
      new_role: 'guest',
      is_self: false,
    });
  });

  it('is for those who run the chat and for operators; a stranger learns nothing', async () => {
    const question = { user_id: 2, action: 'message:post', chat_id: chat };
    expect((await explain(2, question)).json().code).toBe('FORBIDDEN');
    for (const chat_id of [chat, 'nowhere'])
      expect((await explain(9, { ...question, chat_id })).json().code).toBe('CHAT_NOT_FOUND');
    expect((await explain('system', question)).statusCode).toBe(200);
    expect((await explain(1, { user_id: 2, action: 'chat:create' })).json().code).toBe('FORBIDDEN');
    expect((await explain('system', { user_id: 2, action: 'chat:create' })).json().facts.chat_kind).toBe('group');
    expect((await explain(1, { ...question, action: 'chat:sing' })).statusCode).toBe(400);
  });

  it('says of what is older than receipts that nothing is known', async () => {
    await post(test, 1, chat, { body: 'old', client_message_id: 'old-1' });
    expect((await call(1, 'GET', '/decisions/old-1')).json()).toMatchObject({
      event: { body: 'old' },
      decision: null,
      in_force: false,
      rules: [],
    });
  });
});
