import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../src/infrastructure/http/server.ts';
import { testApp } from '../../support/http/test-app.ts';

describe('limits of HTTP', () => {
  const limited = (requestsPerMinute: { perUser: number; perAddress: number }, trustProxy: string[] = []) =>
    testApp({ requestsPerMinute, trustProxy });

  it('let one user do so much in a minute, on all routes together, and another one as much', async () => {
    const { as } = limited({ perUser: 3, perAddress: 0 });
    const routes = ['/v1/chats', '/v1/limits', '/chats/get-chats', '/v1/chats'];
    const answers = [];
    for (const url of routes) answers.push(await as(1, { url }));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429]);
    expect(answers[3]!.json()).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    const wait = Number(answers[3]!.headers['retry-after']);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await as(2, { url: '/v1/chats' })).statusCode).toBe(200);
  });

  it('count guesses at tokens by address, and never the probes', async () => {
    const { app } = limited({ perUser: 0, perAddress: 2 });
    const guess = () => app.inject({ url: '/v1/chats', headers: { authorization: 'Bearer a.b.c' } });
    const seen = [await guess(), await guess(), await guess()].map(({ statusCode }) => statusCode);
    expect(seen).toEqual([401, 401, 429]);
    for (let n = 0; n < 5; n++) expect((await app.inject('/healthz')).statusCode).toBe(200);
  });

  it('believe X-Forwarded-For only from a proxy that is trusted', async () => {
    const from = async (trusted: string[]) => {
      const { app } = limited({ perUser: 0, perAddress: 1 }, trusted);
      const ask = (address: string) => app.inject({ url: '/v1/chats', headers: { 'x-forwarded-for': address } });
      return [(await ask('10.0.0.1')).statusCode, (await ask('10.0.0.2')).statusCode];
    };
    expect(await from([])).toEqual([401, 429]);
    expect(await from(['127.0.0.0/8'])).toEqual([401, 401]);
  });

  it('end a request that does not come in time with 408', async () => {
    const { app } = testApp({ timeoutsMs: { request: 100 } });
    const port = Number(new URL(await listen(app, { host: '127.0.0.1', port: 0 })).port);
    try {
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n');
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).toMatch(/^HTTP\/1.1 408/);
    } finally {
      await app.close();
    }
  });

  it('leave the documentation a page that browsers show', async () => {
    const { app } = testApp();
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.body).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
  });
});
