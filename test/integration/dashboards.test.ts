import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboards } from '../../ops/grafana/catalogue.ts';
import { busyChat, disagreeingPolicies } from '../support/busy-chats.ts';
import { asSent, drawn, Prometheus } from '../support/prometheus.ts';
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
  const shadow = disagreeingPolicies();
  const shown: string[] = [];

  beforeAll(async () => {
    const metricsPort = await freePort();
    service = await ServiceProcess.at({
      ...servers(),
      CASSANDRA_KEYSPACE: keyspace,
      METRICS_PORT: String(metricsPort),
      POLICY_SHADOW_DIR: shadow,
    });
    await service.start();
    prometheus = await Prometheus.start({ messaging: `127.0.0.1:${metricsPort}` });
    load = busyChat(
      service,
      () => !loading,
      async () => {},
    );
  });
  afterAll(async () => {
    loading = false;
    await load;
    await prometheus.stop();
    await service.dispose();
    rmSync(shadow, { recursive: true });
    console.log(`what each panel's expressions returned:\n${shown.join('\n')}`);
  });

  const expressions = dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      panel.queries.map(([expression, legend]) => [`${title}: ${panel.title}: ${legend}`, expression] as const),
    ),
  );

  it.each(expressions)('%s returns numbers', async (name, expression) => {
    let found = { series: 0, numbers: 0 };
    await until(
      `data for ${expression}`,
      async () => {
        found = drawn(await prometheus.range(asSent(expression), 60));
        return found.numbers > 0;
      },
      40_000,
    );
    shown.push(`${String(found.series).padStart(3)} series ${String(found.numbers).padStart(5)} numbers  ${name}`);
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
    const pages = operations.slice(operations.indexOf('\n## Alerts\n')).split('\n## ')[1]!;
    const names = (text: string, form: RegExp) => [...text.matchAll(form)].map(([, name]) => name);
    expect(names(pages, /^### (\w+)$/gm)).toEqual(
      names(readFileSync(`${rulesDir}alerts.yml`, 'utf8'), /alert: (\w+)/g),
    );
  });
});
