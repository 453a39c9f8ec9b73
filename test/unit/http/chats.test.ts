import { beforeEach, describe, expect, it } from 'vitest';
import { SendFailed } from '../../../src/application/ports/command-sender.ts';
import { strangersFacts } from '../../../src/domain/access/access-request.ts';
import { directChatId, groupChatId } from '../../../src/interface-adapters/amqp/command-identity.ts';
import { chatSchema, createdChatSchema } from '../../../src/interface-adapters/http/chat.schema.ts';
import { groupOfTwo, post, type TestApp, testApp } from '../../support/http/test-app.ts';

let test: TestApp;
beforeEach(() => {
  test = testApp();
});
const create = (user: number | string, payload: object) => test.as(user, { method: 'POST', url: '/v1/chats', payload });

describe('POST /v1/chats', () => {
  it('makes a group of the creator and the named members', async () => {
    const answer = await create(1, { kind: 'group', member_ids: [2, 'bob'], title: 'Tea', client_message_id: 'c1' });
    expect(answer.statusCode).toBe(201);
    expect(createdChatSchema.strict().parse(answer.json())).toEqual({
      id: groupChatId('1', 'c1'),
      kind: 'group',
      title: 'Tea',
      members: [
        { user_id: 1, role: 'owner', muted_until: null, from_seq: 1 },
        { user_id: 2, role: 'member', muted_until: null, from_seq: 1 },
        { user_id: 'bob', role: 'member', muted_until: null, from_seq: 1 },
      ],
      member_count: 3,
      closed: false,
      slow_mode_ms: 0,
      history: 'joined',
      retention_days: null,
      first_available_seq: 1,
      last_seq: 0,
      rev: 1,
      client_message_id: 'c1',
    });
  });

  it('answers a repeated group with 200 and the same chat', async () => {
    const body = { kind: 'group', member_ids: [2], client_message_id: 'c1' };
    const first = await create(1, body);
    const second = await create(1, body);
    expect([first.statusCode, second.statusCode]).toEqual([201, 200]);
    expect(second.json()).toEqual(first.json());
  });

  it('refuses the same client_message_id for another group with 409', async () => {
    await create(1, { kind: 'group', member_ids: [2], client_message_id: 'c1' });
    const answer = await create(1, { kind: 'group', member_ids: [3], client_message_id: 'c1' });
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', client_message_id: 'c1', retryable: false });
  });

  it('makes another group each time when no client_message_id is given, and says which it made', async () => {
    const [first, second] = [await groupOfTwo(test), await create(1, { kind: 'group', member_ids: [2] })];
    expect(second.statusCode).toBe(201);
    expect(second.json().id).not.toBe(first);
    expect(second.json().id).toBe(groupChatId('1', second.json().client_message_id));
  });

  it('gives two users one direct chat, whoever asks first', async () => {
    const first = await create(1, { kind: 'direct', member_ids: [2] });
    const second = await create(2, { kind: 'direct', member_ids: [1, 2], client_message_id: 'mine' });
    expect(first.statusCode).toBe(201);
    expect(first.json().id).toBe(directChatId(['1', '2']));
    expect(second.statusCode).toBe(200);
    expect(second.json()).toMatchObject({ id: first.json().id, client_message_id: 'mine' });
  });

  it('gives a user a direct chat with themselves', async () => {
    const answer = await create(1, { kind: 'direct', member_ids: [1] });
    expect(answer.json()).toMatchObject({ id: directChatId(['1', '1']), members: [{ user_id: 1, role: 'owner' }] });
  });

  it.each([
    ['a direct chat of three', { kind: 'direct', member_ids: [2, 3] }],
    ['a direct chat of nobody', { kind: 'direct', member_ids: [] }],
    ['an unknown kind', { kind: 'channel', member_ids: [2] }],
    ['a missing list of members', { kind: 'group' }],
    ['a user id with a space', { kind: 'group', member_ids: ['a b'] }],
    ['a fractional user id', { kind: 'group', member_ids: [1.5] }],
    ['an endless title', { kind: 'group', member_ids: [2], title: 'x'.repeat(201) }],
    ['a client_message_id with a newline', { kind: 'group', member_ids: [2], client_message_id: 'a\nb' }],
    ['a misspelt field', { kind: 'group', member_ids: [2], titel: 'Tea' }],
    ['half an emoji', { kind: 'group', member_ids: [2], title: '\ud83d' }],
    [
      '10,000 members besides the creator',
      { kind: 'group', member_ids: Array.from({ length: 10_000 }, (_, i) => i + 2) },
    ],
  ])('refuses %s with 400 and sends nothing', async (_name, payload) => {
    const answer = await create(1, payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'VALIDATION_FAILED', status: 400 });
    expect(test.ports.sent).toEqual([]);
  });

  it('refuses with 413 what would not fit on the wire as a command', async () => {
    // 64 KiB hold this request, and not the command with its ids and type as well.
    const member_ids = Array.from({ length: 1190 }, (_, i) => `user-${i}-`.padEnd(52, 'x'));
    const payload = { kind: 'group', member_ids };
    expect(JSON.stringify(payload).length).toBeLessThan(64 * 1024);
    const answer = await create(1, payload);
    expect(answer.statusCode).toBe(413);
    expect(test.ports.sent).toEqual([]);
  });

  it('waits ten seconds for the outcome', async () => {
    await groupOfTwo(test);
    expect(test.ports.sent[0]?.timeoutMs).toBe(10_000);
  });

  it('does not deny an accepted chat that cannot be read back: 504 with the way to repeat', async () => {
    test.ports.reader.chat = () => Promise.reject(new Error('timeout'));
    const answer = await create(1, { kind: 'group', member_ids: [2], client_message_id: 'c1' });
    expect(answer.statusCode).toBe(504);
    expect(answer.json()).toMatchObject({ code: 'OUTCOME_UNKNOWN', client_message_id: 'c1' });
  });

  it('answers 503 when the broker did not take the command', async () => {
    test.ports.sender.send = () => Promise.reject(new SendFailed('OVERLOADED', 'amqp://user:secret@host is blocked'));
    const answer = await create(1, { kind: 'group', member_ids: [2] });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ code: 'OVERLOADED', retryable: true, retry_after_ms: 1000 });
    expect(answer.body).not.toContain('secret');
  });
});

describe('GET /v1/chats/{id}', () => {
  it('gives a member the chat', async () => {
    const id = await groupOfTwo(test);
    const answer = await test.as(2, { url: `/v1/chats/${id}` });
    expect(answer.statusCode).toBe(200);
    expect(chatSchema.strict().parse(answer.json())).toMatchObject({ id, kind: 'group', title: null, rev: 1 });
  });

  it('asks the policy with the facts of the roster', async () => {
    const id = await groupOfTwo(test);
    await test.as(2, { url: `/v1/chats/${id}` });
    expect(test.ports.asked).toEqual([
      { action: 'history:read', facts: { ...strangersFacts, is_member: true, role: 'member', chat_kind: 'group' } },
    ]);
  });

  it('does not let a stranger tell an unknown chat from somebody else’s', async () => {
    const id = await groupOfTwo(test);
    const [others, unknown] = [
      await test.as(3, { url: `/v1/chats/${id}` }),
      await test.as(3, { url: '/v1/chats/nothing' }),
    ];
    expect(others.statusCode).toBe(404);
    expect(others.json().code).toBe('CHAT_NOT_FOUND');
    expect(unknown.statusCode).toBe(404);
    expect(unknown.body).toBe(others.body);
  });

  it('answers with the code of the policy that denies', async () => {
    const id = await groupOfTwo(test);
    test.ports.policy.decide = async () => [{ effect: 'deny', code: 'POLICY_DENIED', reason: 'not on Sundays' }];
    const answer = await test.as(2, { url: `/v1/chats/${id}` });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: 'POLICY_DENIED', detail: 'not on Sundays' });
  });

  it('answers 503 while the policy cannot decide', async () => {
    const id = await groupOfTwo(test);
    test.ports.policy.decide = () => Promise.reject(new Error('busy'));
    const answer = await test.as(2, { url: `/v1/chats/${id}` });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'POLICY_UNAVAILABLE']);
  });

  it('answers 503 while the store cannot be reached, and does not say where it is', async () => {
    const id = await groupOfTwo(test);
    test.ports.reader.standing = () => Promise.reject(new Error('10.0.0.7:9042 refused'));
    const answer = await test.as(2, { url: `/v1/chats/${id}` });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'STORAGE_UNAVAILABLE']);
    expect(answer.body).not.toContain('10.0.0.7');
  });

  it('refuses an id that can be none', async () => {
    const answer = await test.as(1, { url: '/v1/chats/a%20b' });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('GET /v1/chats', () => {
  const list = async () => (await test.as(2, { url: '/v1/chats' })).json();

  it('does not show the last message of a chat that its member may not read', async () => {
    const [open, shut] = [await groupOfTwo(test), await groupOfTwo(test)];
    for (const id of [open, shut]) await post(test, 1, id, { client_message_id: 'm', body: 'secret' });
    await test.as(1, { method: 'PATCH', url: `/v1/chats/${shut}`, payload: { closed: true } });
    test.ports.policy.decide = async (requests) =>
      requests.map(({ action, facts }) =>
        action === 'history:read' && facts.role === 'member' && facts.chat_closed
          ? { effect: 'deny', code: 'POLICY_DENIED', reason: 'closed' }
          : { effect: 'permit' },
      );
    const { items } = await list();
    const bodies = Object.fromEntries(
      items.map(({ id, last_message }: { id: string; last_message: { body: string } | null }) => [
        id,
        last_message?.body,
      ]),
    );
    expect(bodies).toEqual({ [open]: 'secret', [shut]: undefined });
    expect(items[0]).toMatchObject({ last_seq: 1, unread_count: 1 });
  });

  it('answers 503 while the policy cannot decide', async () => {
    await groupOfTwo(test);
    test.ports.policy.decide = () => Promise.reject(new Error('busy'));
    expect(await list()).toMatchObject({ status: 503, code: 'POLICY_UNAVAILABLE' });
  });
});
