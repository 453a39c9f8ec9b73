import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { userId } from '../../../src/domain/ids.ts';
import { issueToken } from '../../../src/infrastructure/http/issue-token.ts';
import { groupOfTwo, testApp, testKey } from '../../support/http/test-app.ts';

const bytes = (key: string) => new TextEncoder().encode(key);
const signed = (claims: Record<string, unknown>, alg = 'HS256', key = testKey) =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(bytes(key));
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

const ask = async (authorization: string | undefined) => {
  const { app } = testApp();
  return app.inject({ url: '/v1/chats/some', headers: authorization === undefined ? {} : { authorization } });
};

describe('tokens', () => {
  it.each<[string, () => Promise<string | undefined>]>([
    ['no token', async () => undefined],
    ['another scheme', async () => `Basic ${await issueToken(testKey, userId('1'), 60)}`],
    ['the bare token', async () => issueToken(testKey, userId('1'), 60)],
    ['nonsense', async () => 'Bearer nonsense'],
    ['an expired token', async () => `Bearer ${await issueToken(testKey, userId('1'), -60)}`],
    ['no expiry', async () => `Bearer ${await signed({ user_id: 1 })}`],
    ['another key', async () => `Bearer ${await issueToken('another key, also 32 bytes or longer', userId('1'), 60)}`],
    ['another algorithm', async () => `Bearer ${await signed({ user_id: 1, exp: inAnHour }, 'HS512')}`],
    ['algorithm none', async () => `Bearer ${new UnsecuredJWT({ user_id: 1, exp: inAnHour }).encode()}`],
    ['no user_id', async () => `Bearer ${await signed({ sub: '1', exp: inAnHour })}`],
    ['an empty user_id', async () => `Bearer ${await signed({ user_id: '', exp: inAnHour })}`],
    ['a user_id that is an object', async () => `Bearer ${await signed({ user_id: { id: 1 }, exp: inAnHour })}`],
    ['a fractional user_id', async () => `Bearer ${await signed({ user_id: 1.5, exp: inAnHour })}`],
  ])('with %s the answer is 401', async (_name, authorization) => {
    const answer = await ask(await authorization());
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, retryable: false });
  });

  it.each([
    ['integer', 1],
    ['text', '1'],
  ])('take a user_id that is %s, and it is the same user', async (_name, user) => {
    const test = testApp();
    const id = await groupOfTwo(test);
    const token = await signed({ user_id: user, exp: inAnHour });
    const answer = await test.app.inject({ url: `/v1/chats/${id}`, headers: { authorization: `bearer ${token}` } });
    expect(answer.statusCode).toBe(200);
  });

  it('are still good a moment after they expired, for clocks that differ', async () => {
    const answer = await ask(`Bearer ${await issueToken(testKey, userId('1'), -2)}`);
    expect(answer.statusCode).toBe(404);
  });

  it('are checked before anything of the request is looked at', async () => {
    const answer = await testApp().app.inject({
      method: 'POST',
      url: '/v1/chats',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.statusCode).toBe(401);
  });

  it('work with HS512 when that is configured, and then HS256 does not', async () => {
    const test = testApp({ auth: { keys: { shared: testKey }, algorithm: 'HS512' } });
    const get = async (alg: 'HS256' | 'HS512') => {
      const token = await issueToken(testKey, userId('1'), 60, alg);
      return (await test.app.inject({ url: '/v1/chats/some', headers: { authorization: `Bearer ${token}` } }))
        .statusCode;
    };
    expect([await get('HS512'), await get('HS256')]).toEqual([404, 401]);
  });
});
