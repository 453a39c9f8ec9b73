import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/application/ports/system.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import { type Service, startService, type Tuning } from '../../src/composition-root.ts';
import { micros, userId } from '../../src/domain/ids.ts';
import { loadConfig } from '../../src/infrastructure/config/load-config.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { createLogger } from '../../src/infrastructure/telemetry/logger.ts';
import { until } from '../support/until.ts';

const key = 'a key for tests, long enough for anybody';
const dayMicros = 24 * 3600 * 1_000_000;

/** So many days ago. */
const clockOf = (days: number): Clock => {
  const real = new SystemClock();
  return {
    now: () => micros(real.now() - days * dayMicros),
    monotonicMs: () => real.monotonicMs(),
    sleep: (ms, signal) => real.sleep(ms, signal),
  };
};

/** The service as 90 days ago, with buckets of four messages; then the same one today. `env` says what it runs on. */
export const retentionSuite = (name: string, env: () => Record<string, string>) =>
  describe(`retention on ${name}`, { timeout: 120_000 }, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
    let service: Service;
    const start = async (tuning: Tuning) => {
      const own = { KEY: key, DATA_DIR: dataDir, HTTP_PORT: '0', METRICS_PORT: '0', INSTANCE_ID: 'retention-test' };
      const config = loadConfig({ ...own, RETENTION_DAYS: '30', RETENTION_CHATS_PER_SECOND: '10000', ...env() });
      const logger = createLogger({ level: 'silent', instanceId: config.instanceId });
      service = await startService(config, logger, {
        bucketLimits: { ...defaultBucketLimits, maxMessages: 4 },
        ...tuning,
      });
      await service.running;
      await until('it is ready', async () => (await fetch(`${service.address}/readyz`)).status === 200, 60_000);
    };
    const ask = async (user: number, method: string, path: string, body?: object) => {
      const token = await issueToken(key, userId(String(user)), 60);
      const response = await fetch(`${service.address}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers; each test says what it expects of it
      return { status: response.status, json: (await response.json()) as any };
    };
    const filled = async (more: object = {}) => {
      const { json } = await ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2], ...more });
      for (let n = 1; n <= 10; n++) await ask(2, 'POST', `/v1/chats/${json.id}/messages`, { body: `text ${n}` });
      await ask(2, 'PATCH', `/v1/chats/${json.id}/messages/2`, { body: 'reworded' });
      return `/v1/chats/${json.id}`;
    };

    let usual: string;
    let longer: string;
    let old: string;
    beforeAll(async () => {
      await start({ clock: clockOf(90), sweepEveryMs: 3_600_000 });
      usual = await filled();
      longer = await filled({ retention_days: 365 });
      old = (await ask(2, 'GET', `${usual}/changes?limit=3`)).json.next;
      await service.stop();
      await start({ clock: clockOf(0), sweepEveryMs: 100 });
      await until(
        'the sweep has been here',
        async () => (await ask(2, 'GET', `${usual}/messages/8`)).status === 410,
        60_000,
      );
    }, 180_000);
    afterAll(async () => {
      await service?.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }, 60_000);

    it('answers 410 for what is dropped, and says where the rest begins', async () => {
      const gone = { status: 410, json: { code: 'GONE', status: 410, retryable: false, first_available_seq: 9 } };
      for (const path of [
        '/messages/1',
        '/messages/8',
        '/messages/2/versions',
        '/messages/2/reactions',
        '/messages?before=9',
        '/messages?after=7',
        '/messages?around=8',
        `/changes?since=${old}`,
      ])
        expect(await ask(2, 'GET', `${usual}${path}`), path).toMatchObject(gone);
    });

    it('shows what is kept, the newest bucket at least, under the numbers it always had', async () => {
      for (const query of ['', '?after=0', '?after=8', '?around=9', '?before=11', '?time=2000-01-01T00:00:00Z']) {
        const { json } = await ask(2, 'GET', `${usual}/messages${query}`);
        expect(json, query).toMatchObject({ first_seq: 9, last_seq: 10, has_older: false });
        expect(json.items.map((item: { body: string }) => item.body)).toEqual(['text 10', 'text 9']);
      }
      expect((await ask(1, 'GET', `${usual}/integrity`)).json).toMatchObject({ dense: true, messages: 2 });
      const { json } = await ask(2, 'GET', `${usual}/changes`);
      // The edit was about a message that is not kept: of it only the place is told.
      const types = ['message.posted', 'message.posted', 'none', 'chat.trimmed'];
      expect(json.items.map((item: { type: string }) => item.type)).toEqual(types);
      expect(JSON.stringify(json)).not.toContain('reworded');
    });

    it('drops it once, however often it sweeps, and the chat goes on', async () => {
      const next = await ask(2, 'POST', `${usual}/messages`, { body: 'new' });
      expect(next).toMatchObject({ status: 201, json: { seq: 11 } });
      const { json } = await ask(2, 'GET', `${usual}/changes`);
      expect(json.items.filter((item: { type: string }) => item.type === 'chat.trimmed')).toHaveLength(1);
    });

    it('keeps a chat as long as its owner says, and lets nobody else say', async () => {
      expect((await ask(2, 'GET', `${longer}/messages/1`)).json).toMatchObject({ seq: 1, body: 'text 1' });
      expect(await ask(2, 'PATCH', longer, { retention_days: 30 })).toMatchObject({
        status: 403,
        json: { code: 'POLICY_DENIED' },
      });
      expect((await ask(1, 'PATCH', longer, { retention_days: 30 })).status).toBe(200);
      await until('it is swept', async () => (await ask(2, 'GET', `${longer}/messages/1`)).status === 410, 30_000);
    });
  });
