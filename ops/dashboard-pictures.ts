/** Draws every panel of the dashboards as a live scrape shows it: npm run dashboard-pictures [-- SECONDS]
 *  Starts two instances on the RabbitMQ and Cassandra that the environment names, a Prometheus and load, stops and kills an instance meanwhile;
 *  writes docs/dashboards/. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { busyChat, disagreeingPolicies } from '../test/support/busy-chats.ts';
import { asSent, drawn, Prometheus, type Series } from '../test/support/prometheus.ts';
import { servers } from '../test/support/servers.ts';
import { freePort, ServiceProcess } from '../test/support/service-process.ts';
import { until } from '../test/support/until.ts';
import { drawDashboard, type Point } from './dashboard-pictures/draw.ts';
import { picturesPage, stepSeconds } from './dashboard-pictures/page.ts';
import { dashboards } from './grafana/catalogue.ts';
import type { Panel } from './grafana/dashboard.ts';

const seconds = Number(process.argv[2] ?? 150);
const chatsPerInstance = 3;
const folder = new URL('../docs/dashboards/', import.meta.url);
const { RABBITMQ_URL } = servers();
const shadow = disagreeingPolicies();

const instance = async (name: string) => {
  const metricsPort = await freePort();
  const service = await ServiceProcess.at({
    ...servers(),
    CASSANDRA_KEYSPACE: `pictures_${process.pid}`,
    INSTANCE_ID: name,
    METRICS_PORT: String(metricsPort),
    POLICY_SHADOW_DIR: shadow,
    HTTP_REQUESTS_PER_USER: '0',
    HTTP_REQUESTS_PER_ADDRESS: '0',
  });
  return { service, target: `127.0.0.1:${metricsPort}` };
};

/** Somebody who takes the events, so that none is unroutable. */
const listenToEvents = async () => {
  const connection = await connect(RABBITMQ_URL);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const key of ['', 'chat.created', 'command.rejected']) await channel.bindQueue(queue, 'delivery', key);
  await channel.consume(queue, () => {}, { noAck: true });
  return connection;
};

const legendOf = (template: string, metric: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '');

const found = new Map<string, readonly Series[]>();
const pointsOf = ({ queries }: Panel): Point[] =>
  queries.flatMap(([expression, legend]) =>
    found.get(expression)!.flatMap(({ metric, values }) => {
      const series = legendOf(legend, metric);
      const numbers = values.filter(([, value]) => Number.isFinite(Number(value)));
      return numbers.flatMap(([at, value], index) => {
        const isGap = index > 0 && at - numbers[index - 1]![0] > 1.5 * stepSeconds;
        const point = { at: at * 1000, value: Number(value), series };
        return isGap ? [{ at: (at - stepSeconds) * 1000, value: null, series }, point] : [point];
      });
    }),
  );

const [a, b] = [await instance('a'), await instance('b')];
await a.service.start();
await b.service.start();
const listener = await listenToEvents();
const prometheus = await Prometheus.start({ a: a.target, b: b.target });
try {
  let over = false;
  const pause = (n: number) => sleep(30 + 20 * Math.sin(n / 20));
  const load = [a, b].flatMap(({ service }) =>
    Array.from({ length: chatsPerInstance }, () => busyChat(service, () => over, pause)),
  );
  const third = () => sleep((seconds * 1000) / 3);
  await third();
  await a.service.stop();
  await a.service.start();
  await third();
  await b.service.stop('SIGKILL');
  const served = 'chat_messaging_shards_owned{instance="a"} == 16';
  await until('a serves all shards', async () => (await prometheus.range(served, 1)).length > 0, 60_000);
  await b.service.start();
  await third();
  for (const [expression] of dashboards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries)))
    found.set(expression, await prometheus.range(asSent(expression), seconds, stepSeconds));
  over = true;
  await Promise.all(load);
  mkdirSync(folder, { recursive: true });
  for (const dashboard of dashboards)
    writeFileSync(new URL(`${dashboard.uid}.svg`, folder), await drawDashboard(dashboard, pointsOf));
  const page = picturesPage(
    dashboards,
    (expression) => drawn(found.get(expression)!),
    'RabbitMQ and Cassandra',
    seconds,
  );
  writeFileSync(new URL('README.md', folder), page);
  console.log(`${dashboards.length} pictures are in docs/dashboards`);
} finally {
  await prometheus.stop();
  await listener.close();
  for (const { service } of [a, b]) await service.dispose();
  rmSync(shadow, { recursive: true });
}
