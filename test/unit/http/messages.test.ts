import { beforeEach, describe, expect, it } from 'vitest';
import { SendFailed } from '../../../src/application/ports/command-sender.ts';
import { messageSchema } from '../../../src/interface-adapters/http/message.schema.ts';
import { pageSchema } from '../../../src/interface-adapters/http/page.schema.ts';
import { groupOfTwo, post, type TestApp, testApp } from '../../support/http/test-app.ts';

let test: TestApp;
let chat: string;
beforeEach(async () => {
  test = testApp();
  chat = await groupOfTwo(test);
  test.ports.sent.length = 0;
});

describe('POST /v1/chats/{id}/messages', () => {
  it('answers 201 with the message as it is in the events', async () => {
    const answer = await post(test, 2, chat, { body: 'hi', client_message_id: 'm1' });
    expect(answer.statusCode).toBe(201);
    expect(messageSchema.strict().parse(answer.json())).toMatchObject({
      id: `${chat}.1`,
      sender_id: 2,
      client_message_id: 'm1',
      body: 'hi',
      seq: 1,
      rev: 2,
    });
    expect(answer.headers['idempotency-replayed']).toBeUndefined();
  });

  it('answers a repeat with the first message, 200 and a header', async () => {
    const first = await post(test, 2, chat, { body: 'hi', client_message_id: 'm1' });
    const again = await post(test, 2, chat, { body: 'hi', client_message_id: 'm1' });
    expect(again.statusCode).toBe(200);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toBe(first.body);
  });

  it('refuses another body under the same client_message_id with 409', async () => {
    await post(test, 2, chat, { body: 'hi', client_message_id: 'm1' });
    const answer = await post(test, 2, chat, { body: 'ho', client_message_id: 'm1' });
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('makes a client_message_id when none is given', async () => {
    const [one, two] = [await post(test, 2, chat, { body: 'hi' }), await post(test, 2, chat, { body: 'hi' })];
    expect([one.statusCode, two.statusCode]).toEqual([201, 201]);
    expect(one.json().client_message_id).toBe(test.ports.sent[0]?.command.clientMessageId);
    expect(two.json().client_message_id).not.toBe(one.json().client_message_id);
  });

  it('does not let a stranger tell an unknown chat from somebody else’s', async () => {
    const body = { body: 'hi', client_message_id: 'm1' };
    const [others, unknown] = [await post(test, 3, chat, body), await post(test, 3, 'nothing', body)];
    expect([others.statusCode, others.json().code]).toEqual([404, 'CHAT_NOT_FOUND']);
    expect([unknown.statusCode, unknown.body]).toEqual([404, others.body]);
  });

  it('answers 504 with the id to repeat with when nobody knows the outcome', async () => {
    test.ports.sender.send = () => Promise.reject(new SendFailed('OUTCOME_UNKNOWN', 'late'));
    const answer = await post(test, 2, chat, { body: 'hi' });
    const problem = answer.json();
    expect([answer.statusCode, problem.code, problem.retryable]).toEqual([504, 'OUTCOME_UNKNOWN', true]);
    expect(problem.client_message_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(problem.detail).toContain(problem.client_message_id);
  });

  it('answers 504, too, when the whole request takes too long', async () => {
    const slow = testApp({ timeoutsMs: { handler: 50 } });
    slow.ports.sender.send = () => new Promise(() => {});
    const answer = await post(slow, 2, chat, { body: 'hi', client_message_id: 'm1' });
    expect([answer.statusCode, answer.json().code, answer.json().client_message_id]).toEqual([
      504,
      'OUTCOME_UNKNOWN',
      'm1',
    ]);
  });

  it.each([
    ['no body', {}],
    ['an empty text', { body: '' }],
    ['a text that is none', { body: 7 }],
    ['half an emoji', { body: '\udc00' }],
    ['a field that it does not know', { body: 'hi', sender_id: 1 }],
    ['an empty client_message_id', { body: 'hi', client_message_id: '' }],
  ])('refuses %s with 400, names the field and sends nothing', async (_name, payload) => {
    const answer = await post(test, 2, chat, payload);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.json().errors[0].field).toMatch(/^(body|client_message_id)$/);
    expect(test.ports.sent).toEqual([]);
  });

  it('counts a text in bytes: 8 KiB pass, one more is 413', async () => {
    const full = 'é'.repeat(4096);
    expect((await post(test, 2, chat, { body: full })).statusCode).toBe(201);
    test.ports.sent.length = 0;
    const answer = await post(test, 2, chat, { body: `${full}!` });
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(test.ports.sent).toEqual([]);
  });

  it('answers an event that it cannot read with 500, the id to repeat with, and no details', async () => {
    test.ports.sender.send = async () => ({ event: '{"type":"surprise"}', replayed: false });
    const answer = await post(test, 2, chat, { body: 'hi', client_message_id: 'm1' });
    expect([answer.statusCode, answer.json().code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(answer.json().client_message_id).toBe('m1');
    expect(answer.body).not.toMatch(/surprise|node_modules|at /);
  });
});

describe('GET /v1/chats/{id}/messages', () => {
  const page = (query: string, user = 1, id = chat) => test.as(user, { url: `/v1/chats/${id}/messages${query}` });
  const seqs = (answer: { json(): { items: { seq: number }[] } }) => answer.json().items.map((item) => item.seq);
  const postMany = async (count: number) => {
    for (let n = 1; n <= count; n++) await post(test, 1, chat, { body: `message ${n}` });
  };

  it('gives the newest first, and says what lies around', async () => {
    await postMany(3);
    const answer = await page('?limit=2');
    expect(answer.statusCode).toBe(200);
    const json = pageSchema.strict().parse(answer.json());
    expect(json.items.map((item) => item.seq)).toEqual([3, 2]);
    expect(json).toMatchObject({ has_older: true, has_newer: false, first_seq: 1, last_seq: 3, newer: null });
  });

  it('gives 50 when no limit is named', async () => {
    await postMany(51);
    expect(seqs(await page(''))).toHaveLength(50);
  });

  it('walks to the oldest message and back by cursors', async () => {
    await postMany(5);
    const first = (await page('?limit=2')).json();
    const second = await page(`?limit=2&cursor=${first.older}`);
    const third = await page(`?limit=2&cursor=${second.json().older}`);
    expect([seqs(second), seqs(third)]).toEqual([[3, 2], [1]]);
    expect(third.json().older).toBeNull();
    expect(seqs(await page(`?limit=2&cursor=${third.json().newer}`))).toEqual([3, 2]);
  });

  it.each([
    ['?before=3&limit=1', [2]],
    ['?after=3', [5, 4]],
    ['?after=0&limit=1', [1]],
    ['?around=3&limit=3', [4, 3, 2]],
  ])('reads %s', async (query, expected) => {
    await postMany(5);
    expect(seqs(await page(query))).toEqual(expected);
  });

  it('leads back from a page past either end', async () => {
    await postMany(2);
    const newest = (await page('?after=2')).json();
    expect(newest).toMatchObject({ items: [], has_older: true, newer: null });
    expect(seqs(await page(`?cursor=${newest.older}`))).toEqual([2, 1]);
    const oldest = (await page('?before=1')).json();
    expect(oldest).toMatchObject({ items: [], older: null });
    expect(seqs(await page(`?cursor=${oldest.newer}`))).toEqual([2, 1]);
  });

  it('gives an empty chat as an empty page', async () => {
    expect((await page('')).json()).toEqual({
      items: [],
      has_older: false,
      has_newer: false,
      first_seq: 0,
      last_seq: 0,
      older: null,
      newer: null,
    });
  });

  it.each([
    '?limit=0',
    '?limit=101',
    '?limit=',
    '?limit=ten',
    '?before=0',
    '?before=1e2',
    '?before=9999999999999999',
    '?after=-1',
    '?before=1&after=2',
    '?before=1&before=2',
    '?cursor=xx&around=1',
    '?cursor=',
    '?cursor=not-a-cursor',
    '?offset=3',
  ])('refuses %s with 400', async (query) => {
    const answer = await page(query);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('refuses the cursor of another chat', async () => {
    await postMany(2);
    const { older } = (await page('?limit=1')).json();
    const other = await groupOfTwo(test);
    const answer = await page(`?cursor=${older}`, 1, other);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('never shows a stranger an empty page', async () => {
    const [others, unknown] = [await page('', 3), await page('', 3, 'nothing')];
    expect([others.statusCode, others.json().code]).toEqual([404, 'CHAT_NOT_FOUND']);
    expect(unknown.body).toBe(others.body);
  });

  it('answers 503 when the page cannot be read', async () => {
    test.ports.reader.page = () => Promise.reject(new Error('timeout'));
    const answer = await page('');
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'STORAGE_UNAVAILABLE']);
  });

  it('answers 503 when reading takes too long', async () => {
    const slow = testApp({ timeoutsMs: { handler: 50 } });
    slow.ports.reader.standing = () => new Promise(() => {});
    const answer = await slow.as(1, { url: `/v1/chats/${chat}/messages` });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'STORAGE_UNAVAILABLE']);
  });
});
