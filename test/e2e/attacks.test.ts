import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatId, rev, seq, userId } from '../../src/domain/ids.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import { encodeCursor, encodeToken } from '../../src/interface-adapters/http/cursor.ts';
import { problemSchema } from '../../src/interface-adapters/http/problem.ts';
import { freePort, ServiceProcess } from '../support/service-process.ts';

/** docs/security.md lists these. */
const rules = { issuer: 'https://auth.test', audience: 'messaging' };
const canary = 'canary-7f3a9c51';

describe('attacks on a running service', { timeout: 60_000 }, () => {
  let service: ServiceProcess;
  let chat: string;
  let key: string;
  const tokens: string[] = [];

  const tokenOf = async (user: number, ttl = 60, claims: object = rules, secret = key): Promise<string> => {
    const token = await issueToken(secret, userId(String(user)), ttl, 'HS256', claims);
    tokens.push(token);
    return token;
  };
  const send = async (method: string, path: string, token: string, body?: string, headers: object = {}) => {
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const as = async (user: number, method: string, path: string, body?: object) => {
    const { status, headers, text } = await send(method, path, await tokenOf(user), body && JSON.stringify(body));
    return { status, headers, text, json: text === '' ? undefined : JSON.parse(text) };
  };
  const stored = async () => {
    const { json } = await as(1, 'GET', `/v1/chats/${chat}/changes`);
    return json.items.map((item: { rev: number }) => item.rev);
  };

  beforeAll(async () => {
    service = await ServiceProcess.at({
      METRICS_PORT: String(await freePort()),
      LOG_LEVEL: 'trace',
      JWT_ISSUER: rules.issuer,
      JWT_AUDIENCE: rules.audience,
    });
    key = service.env.KEY!;
    await service.start();
    chat = (await as(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2], title: canary })).json.id;
    await as(1, 'POST', `/v1/chats/${chat}/messages`, { body: canary, client_message_id: 'm-1' });
  }, 60_000);
  afterAll(() => service.dispose());

  const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
  const claims = () => ({ user_id: 1, exp: inAnHour(), iss: rules.issuer, aud: rules.audience });
  const hmac = (alg: string, secret: string | Uint8Array) =>
    new SignJWT(claims())
      .setProtectedHeader({ alg })
      .sign(typeof secret === 'string' ? new TextEncoder().encode(secret) : secret);
  it.each<[string, () => Promise<string>]>([
    ['expired', () => tokenOf(1, -60)],
    ['of another issuer', () => tokenOf(1, 60, { ...rules, issuer: 'https://evil.test' })],
    ['of no issuer', () => tokenOf(1, 60, { audience: rules.audience })],
    ['for another audience', () => tokenOf(1, 60, { ...rules, audience: 'payments' })],
    ['signed by nobody (alg none)', async () => new UnsecuredJWT(claims()).encode()],
    ['signed with a guessed key', () => tokenOf(1, 60, rules, 'secret-secret-secret-secret-secret')],
    [
      'signed with a public key, and another kind of algorithm',
      async () => {
        const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        return hmac('HS256', publicKey.export({ type: 'spki', format: 'pem' }) as string);
      },
    ],
    [
      'signed by RSA where a shared key is expected',
      async () =>
        new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256' })
          .sign(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    ],
    ['signed with another strength of the same key', () => hmac('HS512', key)],
  ])('a token %s gets 401 on every route', async (_, make) => {
    const token = await make();
    for (const path of [`/v1/chats/${chat}`, '/v1/chats', '/chats/get-chats']) {
      const answer = await send('GET', path, token);
      expect([answer.status, answer.text.includes(canary)], path).toEqual([401, false]);
    }
  });

  type Operation = { parameters?: { name: string; in: string }[]; requestBody?: object };
  const operations = async () => {
    const { paths } = JSON.parse((await send('GET', '/openapi.json', '')).text) as {
      paths: Record<string, Record<string, Operation>>;
    };
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path] as const),
    );
  };
  /** A body that the route takes, or 400 would hide the answer in question. A new route with a body needs one here. */
  const bodies: Record<string, object> = {
    'patch /v1/chats/{chat_id}': { title: 'mine' },
    'patch /v1/chats/{chat_id}/messages/{seq}': { body: 'mine' },
    'post /v1/chats/{chat_id}/members': { user_id: 3 },
    'post /v1/chats/{chat_id}/messages': { body: 'mine' },
    'put /v1/chats/{chat_id}/members/{user_id}/mute': { until: null },
    'put /v1/chats/{chat_id}/members/{user_id}/role': { role: 'owner' },
    'put /v1/chats/{chat_id}/read-marker': { read_seq: 1 },
  };
  const parts = (id: string): Record<string, string> => ({
    chat_id: id,
    seq: '1',
    user_id: '2',
    emoji: encodeURIComponent('👍'),
    client_message_id: 'm-1',
  });
  const filled = (path: string, id: string) => path.replace(/\{(\w+)\}/g, (_, name: string) => parts(id)[name] ?? 'x');

  it('a stranger gets of every route of somebody else’s chat what one gets of a chat that is not there', async () => {
    const before = await stored();
    const ofChats = (await operations()).filter(([, path]) => path.includes('{chat_id}'));
    expect(ofChats.length).toBeGreaterThanOrEqual(19);
    for (const [method, path] of ofChats) {
      const name = `${method} ${path}`;
      const ask = async (id: string) => {
        const { status, json, headers } = await as(3, method.toUpperCase(), filled(path, id), bodies[name]);
        const { client_message_id: _, ...problem } = json;
        return { status, problem, names: [...headers.keys()].sort() };
      };
      const [theirs, nobodys] = [await ask(chat), await ask('there-is-no-such-chat')];
      expect(theirs, name).toEqual(nobodys);
      expect([theirs.status, theirs.problem.code], name).toEqual([404, 'CHAT_NOT_FOUND']);
    }
    expect(await stored()).toEqual(before);
    expect((await as(3, 'GET', '/v1/chats')).json.items).toEqual([]);
    expect((await as(3, 'GET', '/chats/get-chats')).json).toEqual([]);
    const seed = async (id: string) => {
      const { status, text } = await as(3, 'GET', `/messages/get-messages?chat_id=${id}`);
      return { status, text };
    };
    expect(await seed(chat)).toEqual(await seed('there-is-no-such-chat'));
  });

  it('no route but health and documentation answers without a token', async () => {
    const open: string[] = [];
    for (const [method, path] of await operations()) {
      const response = await fetch(`${service.url}${filled(path, chat)}`, { method: method.toUpperCase() });
      const text = await response.text();
      expect(text, path).not.toContain(canary);
      if (![401, 403].includes(response.status)) open.push(`${method} ${path}`);
    }
    expect(open.sort()).toEqual(['get /healthz', 'get /readyz']);
  });

  it('a forged cursor or token, or one of another chat, opens nothing', async () => {
    const mine = (await as(3, 'POST', '/v1/chats', { kind: 'group', member_ids: [4] })).json.id;
    const cursor = encodeCursor(chatId(chat), { at: 'before', seq: seq(9) });
    const token = encodeToken(chatId(chat), { rev: rev(1), seq: seq(0) });
    const asked: [string, number][] = [
      [`/v1/chats/${mine}/messages?cursor=${cursor}`, 400],
      [`/v1/chats/${chat}/messages?cursor=${cursor}`, 404],
      [`/v1/chats/${mine}/messages?cursor=forged`, 400],
      [`/v1/chats/${mine}/changes?token=${token}`, 400],
      [`/v1/chats?cursor=${cursor}`, 400],
    ];
    for (const [path, status] of asked) {
      const answer = await as(3, 'GET', path);
      expect([answer.status, answer.text.includes(canary)], path).toEqual([status, false]);
    }
  });

  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  it.each<[string, string, number, string]>([
    ['1 MB', JSON.stringify({ body: 'x'.repeat(1024 * 1024) }), 413, 'PAYLOAD_TOO_LARGE'],
    ['JSON 100 deep', `{"body":"x","mentions":${nested(100)}}`, 400, 'VALIDATION_FAILED'],
    ['JSON 30,000 deep', `{"body":"x","mentions":${nested(30_000)}}`, 400, 'VALIDATION_FAILED'],
    ['__proto__', '{"body":"x","__proto__":{"isAdmin":true}}', 400, 'VALIDATION_FAILED'],
    ['constructor', '{"body":"x","constructor":{"prototype":{"isAdmin":true}}}', 400, 'VALIDATION_FAILED'],
    ['a NUL in the text', '{"body":"a\\u0000b"}', 400, 'VALIDATION_FAILED'],
    ['a lone surrogate in the text', '{"body":"a\\ud800b"}', 400, 'VALIDATION_FAILED'],
    ['a NUL in an id', '{"body":"x","client_message_id":"a\\u0000b"}', 400, 'VALIDATION_FAILED'],
    ['a lone surrogate in an id', '{"body":"x","client_message_id":"a\\udc00"}', 400, 'VALIDATION_FAILED'],
    ['a field nobody knows', '{"body":"x","sender_id":2}', 400, 'VALIDATION_FAILED'],
  ])('a body with %s is refused, and nothing is stored', async (_, body, status, code) => {
    const before = await stored();
    const answer = await send('POST', `/v1/chats/${chat}/messages`, await tokenOf(1), body);
    expect(answer.status).toBe(status);
    expect(problemSchema.strict().parse(JSON.parse(answer.text)).code).toBe(code);
    expect(answer.text).not.toMatch(/node_modules|\.ts:|FST_|stack/);
    expect(await stored()).toEqual(before);
  });

  it('a NUL in an address is refused', async () => {
    for (const path of [`/v1/chats/${chat}%00/messages`, '/v1/chats/%ED%A0%80'])
      expect((await as(1, 'GET', path)).status, path).toBe(400);
  });

  const raw = async (text: string) => {
    const socket = connect(Number(service.env.HTTP_PORT), '127.0.0.1').setEncoding('utf8');
    await once(socket, 'connect');
    socket.on('error', () => {}); // the server may hang up while we still send
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(text);
    await once(socket, 'close');
    return answer;
  };

  it('a flood of headers gets 431, many small ones or much text', async () => {
    const head = 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n';
    const many = Array.from({ length: 200 }, (_, n) => `x-${n}: 1\r\n`).join('');
    expect(await raw(`${head}${many}\r\n`)).toMatch(/^HTTP\/1.1 431/);
    expect(await raw(`${head}x: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
  });

  it('who sends headers or a body without end gets 408 and is hung up on (slowloris)', async () => {
    const head = 'POST /v1/chats HTTP/1.1\r\nhost: x\r\n';
    const answers = await Promise.all([raw(head), raw(`${head}content-length: 10\r\n\r\n{`)]);
    expect(answers[0]).toMatch(/^HTTP\/1.1 408/);
    expect(answers[1]).toMatch(/^HTTP\/1.1 (408|401)/);
    expect((await as(1, 'GET', '/v1/chats')).status).toBe(200);
  });

  it('health says nothing about hosts, users or messages', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const { text, headers } = await send('GET', path, '');
      expect(text).toMatch(/^\{"status":"(ok|ready)"(,"checks":\{("\w+":\{"status":"up"\},?)+\})?\}$/);
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull();
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  it('the metrics name no chat, no user, no text and no token', async () => {
    const response = await fetch(`http://127.0.0.1:${service.env.METRICS_PORT}/metrics`);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('# TYPE');
    for (const secret of [canary, chat, key, 'm-1', ...tokens]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/(user|chat)_id="/);
  });

  it('the log, at its most talkative, has no text of a message and no token', async () => {
    await as(1, 'PATCH', `/v1/chats/${chat}/messages/1`, { body: `${canary} edited` });
    expect(await service.stop()).toBe(0);
    expect(service.output).toContain('"level":"debug"');
    expect(service.output).not.toContain(canary);
    expect(service.output).not.toContain(key);
    for (const token of tokens) expect(service.output).not.toContain(token.split('.')[2]);
  });
});
