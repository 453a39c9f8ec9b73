/** Draws every panel of the dashboards as a live scrape shows it: npm run dashboard-pictures
 *  Starts the service (on the servers that the environment names, else the embedded default), a Prometheus, and a minute of load; writes
 *  docs/dashboards/*.svg. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { asSent, Prometheus } from '../test/support/prometheus.ts';
import { freePort, ServiceProcess } from '../test/support/service-process.ts';
import { dashboards } from './grafana/catalogue.ts';
import type { Dashboard, Panel } from './grafana/dashboard.ts';

const seconds = Number(process.argv[2] ?? 60);
const picturesUrl = new URL('../docs/dashboards/', import.meta.url);

/** What a chat system does all day: half a dozen chats, refusals and repeats included. */
const play = async (service: ServiceProcess, number: number, ended: () => boolean): Promise<void> => {
  const { id } = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json;
  for (let n = 0; !ended(); n++) {
    await Promise.all([
      service.ask(1, 'POST', `/v1/chats/${id}/messages`, { client_message_id: `a-${n}`, body: `one of ${number}` }),
      service.ask(2, 'POST', `/v1/chats/${id}/messages`, { client_message_id: `b-${n >> 1}`, body: 'two' }),
      service.ask(3, 'POST', `/v1/chats/${id}/messages`, { body: 'not a member' }),
      service.ask(2, 'PATCH', `/v1/chats/${id}`, { title: 'not allowed' }),
      service.ask(1, 'GET', `/v1/chats/${id}/messages`),
      service.ask(2, 'GET', '/v1/chats'),
    ]);
    await sleep(30 + 20 * Math.sin(n / 20));
  }
};

const legendOf = (template: string, metric: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '');

const pointsOf = async (prometheus: Prometheus, { queries }: Panel) => {
  const points: { at: number; value: number; series: string }[] = [];
  for (const [expression, legend] of queries) {
    for (const { metric, values } of await prometheus.range(asSent(expression), seconds)) {
      for (const [at, value] of values)
        if (Number.isFinite(Number(value)))
          points.push({ at: at * 1000, value: Number(value), series: legendOf(legend, metric) });
    }
  }
  return points;
};

const units: Readonly<Record<string, string>> = {
  reqps: 'per second',
  short: '',
  percentunit: 'share',
  bytes: 'bytes',
};

const picture = async (prometheus: Prometheus, { title, panels }: Dashboard): Promise<string> => {
  const charts = await Promise.all(
    panels.map(async (panel) => ({
      title: { text: panel.title, subtitle: panel.about, subtitleColor: '#777', subtitleFontSize: 9 },
      width: 300,
      height: 130,
      data: { values: await pointsOf(prometheus, panel) },
      mark: { type: 'line' as const, interpolate: 'monotone' as const },
      encoding: {
        x: { field: 'at', type: 'temporal' as const, title: null, axis: { format: '%H:%M:%S', tickCount: 4 } },
        y: { field: 'value', type: 'quantitative' as const, title: units[panel.unit] ?? panel.unit },
        color: {
          field: 'series',
          type: 'nominal' as const,
          title: null,
          legend: { orient: 'bottom' as const, columns: 3 },
        },
      },
    })),
  );
  const spec = {
    title: { text: `chat-messaging: ${title}`, fontSize: 16 },
    concat: charts,
    columns: 3,
    resolve: { scale: { color: 'independent' } },
    background: 'white',
  } as TopLevelSpec;
  return new vega.View(vega.parse(compile(spec).spec)).toSVG();
};

const { RABBITMQ_URL, CASSANDRA_CONTACT_POINTS } = process.env;
const metricsPort = await freePort();
const service = await ServiceProcess.at({
  METRICS_PORT: String(metricsPort),
  HTTP_REQUESTS_PER_USER: '0',
  HTTP_REQUESTS_PER_ADDRESS: '0',
  ...(RABBITMQ_URL && { RABBITMQ_URL }),
  ...(CASSANDRA_CONTACT_POINTS && { CASSANDRA_CONTACT_POINTS, CASSANDRA_KEYSPACE: `pictures_${process.pid}` }),
});
await service.start();
const prometheus = await Prometheus.start([`127.0.0.1:${metricsPort}`]);
try {
  let over = false;
  const load = Array.from({ length: 6 }, (_, number) => play(service, number, () => over));
  await sleep(seconds * 1000);
  mkdirSync(picturesUrl, { recursive: true });
  for (const dashboard of dashboards)
    writeFileSync(new URL(`${dashboard.uid}.svg`, picturesUrl), await picture(prometheus, dashboard));
  over = true;
  await Promise.all(load);
  console.log(`${dashboards.length} pictures are in docs/dashboards`);
} finally {
  await prometheus.stop();
  await service.dispose();
}
