import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboards } from '../../ops/grafana/catalogue.ts';
import { asSent, Prometheus } from '../support/prometheus.ts';
import { servers } from '../support/servers.ts';
import { freePort, ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

const rulesDir = fileURLToPath(new URL('../../ops/prometheus/', import.meta.url));

describe('dashboards and alerts on a service under load', { timeout: 180_000 }, () => {
  const keyspace = `dash_${randomBytes(6).toString('hex')}`;
  let service: ServiceProcess;
  let prometheus: Prometheus;
  let loading = true;
  let load: Promise<void>;

  /** What a chat system does all day, refusals and repeats included. */
  const play = async () => {
    const { id } = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json;
    for (let n = 0; loading; n++) {
      await Promise.all([
        service.ask(1, 'POST', `/v1/chats/${id}/messages`, { client_message_id: `a-${n}`, body: 'one' }),
        service.ask(2, 'POST', `/v1/chats/${id}/messages`, { client_message_id: `b-${n >> 1}`, body: 'two' }),
        service.ask(3, 'POST', `/v1/chats/${id}/messages`, { body: 'not a member' }),
        service.ask(2, 'PATCH', `/v1/chats/${id}`, { title: 'not allowed' }),
        service.ask(1, 'GET', `/v1/chats/${id}/messages`),
        service.ask(2, 'GET', `/v1/chats/${id}/messages`),
        service.ask(1, 'GET', '/v1/chats'),
      ]);
    }
  };

  beforeAll(async () => {
    const metricsPort = await freePort();
    service = await ServiceProcess.at({
      ...servers(),
      CASSANDRA_KEYSPACE: keyspace,
      METRICS_PORT: String(metricsPort),
    });
    await service.start();
    prometheus = await Prometheus.start([`127.0.0.1:${metricsPort}`]);
    load = play();
  });
  afterAll(async () => {
    loading = false;
    await load;
    await prometheus.stop();
    await service.dispose();
  });

  const expressions = dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      panel.queries.map(([expression, legend]) => [`${title}: ${panel.title}: ${legend}`, expression] as const),
    ),
  );

  it.each(expressions)('%s returns numbers', async (_, expression) => {
    const numbers = async () =>
      (await prometheus.range(asSent(expression), 60)).flatMap(({ values }) =>
        values.filter(([, value]) => Number.isFinite(Number(value))),
      ).length;
    await until(`data for ${expression}`, async () => (await numbers()) > 0, 40_000);
  });

  it('has something to show for what was refused, repeated and answered', async () => {
    const codes = await prometheus.range('sum by (code) (chat_messaging_rejections_total)', 5);
    expect(codes.map(({ metric }) => metric.code)).toEqual(expect.arrayContaining(['NOT_A_MEMBER']));
    const outcomes = await prometheus.range('sum by (outcome) (chat_messaging_commands_settled_total)', 5);
    expect(outcomes.map(({ metric }) => metric.outcome).sort()).toEqual(['accepted', 'rejected', 'repeated']);
  });

  it('raises no alert while the service is well', async () => {
    expect(await prometheus.range('ALERTS{alertstate="firing"}', 5)).toEqual([]);
  });

  it('has alerts that fire on their fault, as promtool sees it, and a page for each', () => {
    execFileSync('promtool', ['check', 'rules', 'alerts.yml'], { cwd: rulesDir });
    execFileSync('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd: rulesDir });
    const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const alerts = readFileSync(`${rulesDir}alerts.yml`, 'utf8').matchAll(/alert: (\w+)/g);
    for (const [, alert] of alerts) expect(operations).toContain(`\n### ${alert}\n`);
  });
});
