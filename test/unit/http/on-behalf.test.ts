import { beforeEach, describe, expect, it } from 'vitest';
import { groupOfTwo, type TestApp, testApp } from '../../support/http/test-app.ts';

let test: TestApp;
let chat: string;
beforeEach(async () => {
  test = testApp();
  chat = await groupOfTwo(test);
});

const send = (user: number | string, onBehalfOf: string | undefined, method: 'POST' | 'PATCH' = 'POST') =>
  test.as(user, {
    method,
    url: `/v1/chats/${chat}/messages${method === 'PATCH' ? '/1' : ''}`,
    payload: { body: 'hi' },
    ...(onBehalfOf !== undefined && { headers: { 'on-behalf-of': onBehalfOf } }),
  });

describe('a command on behalf of a user', () => {
  it('is the user’s when the service gives it, and says who acted', async () => {
    const posted = await send('system', '2');
    expect(posted.statusCode).toBe(201);
    expect(posted.json()).toMatchObject({ sender_id: 2, decision: { acted_by: 'system' } });
    expect(test.ports.sent.at(-1)!.command).toMatchObject({ senderId: '2', actedBy: 'system' });
    expect((await send('system', '2', 'PATCH')).json()).toMatchObject({ by: { sender_id: 2 } });
    const own = await send(2, undefined);
    expect(own.json().sender_id).toBe(2);
    expect(own.json().decision).toBeUndefined();
  });

  it('creates the user’s chat', async () => {
    const payload = { kind: 'group', member_ids: [2], client_message_id: 'trip' };
    const headers = { 'on-behalf-of': '7' };
    const made = await test.as('system', { method: 'POST', url: '/v1/chats', payload, headers });
    expect(made.json().members).toMatchObject([
      { user_id: 7, role: 'owner' },
      { user_id: 2, role: 'member' },
    ]);
    const another = await test.as(1, { method: 'POST', url: '/v1/chats', payload, headers });
    expect(another.json()).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  it.each([
    ['somebody who is not the service', 1, '2', 403, 'FORBIDDEN'],
    ['somebody in their own name', 1, '1', 403, 'FORBIDDEN'],
    ['somebody for the service', 1, 'system', 403, 'FORBIDDEN'],
    ['the service for itself', 'system', 'system', 400, 'VALIDATION_FAILED'],
    ['the service for nobody', 'system', '', 400, 'VALIDATION_FAILED'],
    ['the service for several', 'system', '1, 2', 400, 'VALIDATION_FAILED'],
  ])('is refused of %s, and nothing is sent', async (_, user, onBehalfOf, status, code) => {
    const before = test.ports.sent.length;
    expect((await send(user, onBehalfOf)).json()).toMatchObject({ status, code });
    expect(test.ports.sent).toHaveLength(before);
  });
});
