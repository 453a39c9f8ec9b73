import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { withoutPathPrefix } from '../../../src/infrastructure/http/path-prefix.ts';
import { listen } from '../../../src/infrastructure/http/server.ts';
import { createLogger } from '../../../src/infrastructure/telemetry/logger.ts';
import { problemSchema } from '../../../src/interface-adapters/http/problem.ts';
import { groupOfTwo, post, testApp } from '../../support/http/test-app.ts';

const json = { 'content-type': 'application/json' };

describe('the path prefix', () => {
  it.each([
    ['/messaging/v1/chats?a=1', '/v1/chats?a=1'],
    ['/messaging', '/'],
    ['/messaging?a=1', '/?a=1'],
    ['/messagingv1', '/messagingv1'],
    ['/v1/messaging/x', '/v1/messaging/x'],
  ])('makes of %s %s', (url, expected) => {
    expect(withoutPathPrefix(url)).toBe(expected);
  });
});

describe('the HTTP side', () => {
  it('takes the path prefix of the siblings', async () => {
    const test = testApp();
    const id = await groupOfTwo(test);
    expect((await test.as(1, { url: `/messaging/v1/chats/${id}` })).statusCode).toBe(200);
    expect((await test.as(1, { url: `/messagingv1/chats/${id}` })).statusCode).toBe(404);
    expect((await test.app.inject('/messaging/healthz')).statusCode).toBe(200);
  });

  it.each<[string, Parameters<ReturnType<typeof testApp>['as']>[1], number, string]>([
    ['an unknown address', { url: '/v1/nothing' }, 404, 'TARGET_NOT_FOUND'],
    ['a method that an address does not have', { method: 'DELETE', url: '/v1/chats/some' }, 405, 'VALIDATION_FAILED'],
    ['a URL that cannot be read', { url: '/v1/chats/%zz' }, 400, 'VALIDATION_FAILED'],
    ['broken JSON', { method: 'POST', url: '/v1/chats', body: '{"kind":', headers: json }, 400, 'VALIDATION_FAILED'],
    ['no JSON at all', { method: 'POST', url: '/v1/chats', headers: json }, 400, 'VALIDATION_FAILED'],
    [
      'a poisoned prototype',
      { method: 'POST', url: '/v1/chats', body: '{"__proto__":{"a":1}}', headers: json },
      400,
      'VALIDATION_FAILED',
    ],
    [
      'another media type',
      { method: 'POST', url: '/v1/chats', body: 'hi', headers: { 'content-type': 'text/plain' } },
      415,
      'VALIDATION_FAILED',
    ],
    [
      'too large a body',
      { method: 'POST', url: '/v1/chats', body: `{"a":"${'x'.repeat(65_536)}"}`, headers: json },
      413,
      'PAYLOAD_TOO_LARGE',
    ],
  ])('answers %s with a problem document', async (_name, request, status, code) => {
    const answer = await testApp().as(1, request);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(problemSchema.strict().parse(answer.json())).toMatchObject({ status, code });
    expect(answer.body).not.toMatch(/stack|node_modules|FST_/);
  });

  it('says which methods an address has', async () => {
    const { app } = testApp();
    expect(
      (await app.inject({ method: 'PUT', url: '/v1/chats/some/messages' })).headers.allow?.split(', ').sort(),
    ).toEqual(['GET', 'HEAD', 'POST']);
    expect((await app.inject({ method: 'POST', url: '/healthz', body: '{', headers: json })).statusCode).toBe(405);
  });

  it('names each answer by a request id', async () => {
    const { app } = testApp();
    const [one, two] = [await app.inject('/healthz'), await app.inject('/nothing')];
    expect(one.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(two.headers['x-request-id']).not.toBe(one.headers['x-request-id']);
  });

  it('answers what is no HTTP with a problem document and hangs up', async () => {
    const { app } = testApp();
    const port = Number(new URL(await listen(app, { host: '127.0.0.1', port: 0 })).port);
    try {
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      socket.write('nonsense\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).toMatch(/^HTTP\/1.1 400 Bad Request/);
      expect(problemSchema.parse(JSON.parse(text.split('\r\n\r\n')[1]!)).code).toBe('VALIDATION_FAILED');
    } finally {
      await app.close();
    }
  });

  it('says what to do when the port is taken', async () => {
    const [first, second] = [testApp().app, testApp().app];
    const port = Number(new URL(await listen(first, { host: '127.0.0.1', port: 0 })).port);
    try {
      await expect(listen(second, { host: '127.0.0.1', port })).rejects.toThrow(`Port ${port} is taken`);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });

  it('lets browsers of the configured origins in, and no others', async () => {
    const { app } = testApp({ corsOrigins: ['https://chat.example.org'] });
    const preflight = (origin: string) =>
      app.inject({ method: 'OPTIONS', url: '/v1/chats', headers: { origin, 'access-control-request-method': 'POST' } });
    const allowed = await preflight('https://chat.example.org');
    expect([allowed.statusCode, allowed.headers['access-control-allow-origin']]).toEqual([
      204,
      'https://chat.example.org',
    ]);
    expect((await preflight('https://evil.example.org')).headers['access-control-allow-origin']).toBeUndefined();
    const without = await testApp().app.inject({ url: '/healthz', headers: { origin: 'https://chat.example.org' } });
    expect(without.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('logs requests at debug only, and neither a token nor a text', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'debug', instanceId: 'test' }, { write: (line) => void lines.push(line) });
    const test = testApp({ logger });
    await post(test, 1, await groupOfTwo(test), { body: 'the secret text' });
    await test.app.inject({ url: '/v1/chats/x', headers: { authorization: 'Bearer abc.def.ghi' } });
    expect(lines.map((line) => JSON.parse(line).level)).toContain('debug');
    expect(lines.join('')).not.toMatch(/secret text|Bearer|abc\.def/);
    const quiet: string[] = [];
    const { app } = testApp({ logger: pino({ level: 'info' }, { write: (line: string) => void quiet.push(line) }) });
    await app.inject('/healthz');
    expect(quiet).toEqual([]);
  });
});

describe('/healthz and /readyz', () => {
  it('is alive whatever its dependencies do', async () => {
    const { app } = testApp({ checks: { store: () => Promise.reject(new Error('down')) } });
    const answer = await app.inject('/healthz');
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('is ready when every dependency answers', async () => {
    const { app } = testApp({ checks: { store: async () => {}, broker: async () => {} } });
    const answer = await app.inject('/readyz');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ status: 'ready', checks: { store: { status: 'up' }, broker: { status: 'up' } } });
  });

  it('names the dependency that is down to anybody, and what is wrong with it to the log alone', async () => {
    const broker = () => Promise.reject(new Error('amqp://user:secret@rabbitmq:5672 refused'));
    const lines: string[] = [];
    const logger = createLogger({ level: 'warn', instanceId: 'test' }, { write: (line) => void lines.push(line) });
    const { app } = testApp({ checks: { store: async () => {}, broker }, logger });
    const answer = await app.inject('/readyz');
    await app.inject('/readyz');
    expect(answer.statusCode).toBe(503);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { check: 'broker', problem: 'amqp://***@rabbitmq:5672 refused' },
    ]);
    expect(answer.json()).toEqual({
      status: 'unavailable',
      checks: { store: { status: 'up' }, broker: { status: 'down' } },
    });
  });

  it('does not wait for ever for a dependency', async () => {
    const { app } = testApp({ checks: { store: () => new Promise(() => {}) }, timeoutsMs: { check: 30 } });
    const answer = await app.inject('/readyz');
    expect([answer.statusCode, answer.json().checks.store]).toEqual([503, { status: 'down' }]);
  });
});
