import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeysUnavailable, remoteKeys } from '../../../src/infrastructure/http/remote-keys.ts';
import { testApp } from '../../support/http/test-app.ts';

const inAnHour = Math.floor(Date.now() / 1000) + 3600;

describe('tokens signed with a private key', () => {
  let server: Server;
  let url: string;
  let keys: JWK[];
  let status: number;
  let asked: number;

  beforeEach(async () => {
    [keys, status, asked] = [[], 200, 0];
    server = createServer((_request, response) => {
      asked++;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}/jwks`;
  });
  afterEach(() => server.close());

  const signer = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    keys.push({ ...(await exportJWK(publicKey)), kid, alg: 'RS256' });
    return () => new SignJWT({ user_id: 1, exp: inAnHour }).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
  };
  const app = () => testApp({ auth: { keys: { jwksUrl: url }, algorithm: 'RS256' } }).app;
  const ask = async (on: ReturnType<typeof app>, token: string, path = '/v1/chats/some') =>
    on.inject({ url: path, headers: { authorization: `Bearer ${token}` } });

  it('are good when their key is in the set', async () => {
    const sign = await signer('one');
    expect((await ask(app(), await sign())).statusCode).toBe(404);
  });

  it('are refused when the public key was taken for a shared one (HS/RS confusion)', async () => {
    await signer('one');
    const forged = await new SignJWT({ user_id: 1, exp: inAnHour })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .sign(new TextEncoder().encode(JSON.stringify(keys[0])));
    expect((await ask(app(), forged)).statusCode).toBe(401);
  });

  it('get 503 with Retry-After, not 401, while the keys cannot be fetched, and the log says so once', async () => {
    const sign = await signer('one');
    status = 500;
    const on = app();
    for (const path of ['/v1/chats', '/chats/get-chats']) {
      const answer = await ask(on, await sign(), path);
      expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([
        503,
        'KEYS_UNAVAILABLE',
        '5',
      ]);
    }
    // The second request did not wait for another attempt.
    expect(asked).toBe(1);
  });

  const lookUp = (options: object) => {
    const lines: string[] = [];
    const log = (_: object, text: string) => void lines.push(text);
    const get = remoteKeys({
      url,
      logger: { info: log, warn: log, error: log, debug: log } as never,
      pauseAfterFailureMs: 0,
      ...options,
    });
    return { lines, get: (kid: string) => get({ alg: 'RS256', kid }, {} as never) };
  };

  it('follow a rotation, and a key that nobody knows does not make us ask again and again', async () => {
    await signer('one');
    const rotating = lookUp({ cooldownMs: 0 });
    await rotating.get('one');
    await signer('two');
    await rotating.get('two');
    const calm = lookUp({});
    await calm.get('one');
    const before = asked;
    for (let n = 0; n < 10; n++) await expect(calm.get(`unknown-${n}`)).rejects.toThrow(/no applicable key/i);
    expect(asked).toBe(before);
  });

  it('stay good with known keys while the server is away, for a bounded time', async () => {
    await signer('one');
    const [patient, strict] = [lookUp({ freshMs: 0 }), lookUp({ freshMs: 0, staleMs: 0 })];
    await Promise.all([patient.get('one'), strict.get('one')]);
    status = 500;
    await expect(patient.get('one')).resolves.toBeDefined();
    await expect(patient.get('two')).rejects.toBeInstanceOf(KeysUnavailable);
    await expect(strict.get('one')).rejects.toBeInstanceOf(KeysUnavailable);
    expect(patient.lines[0]).toMatch(/see that the URL is right/);
    status = 200;
    await patient.get('one');
    expect(patient.lines.at(-1)).toMatch(/can be fetched again/);
  });
});
