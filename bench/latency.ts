import { setTimeout as sleep } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { Bench, BenchContext, Curve, Table } from './core/bench.ts';
import { goFirst } from './core/go-first.ts';
import { median, Ratios } from './core/ratios.ts';
import { interleaved, newHistogram, perSecond, type Sample, takenCalmly } from './core/rounds.ts';
import { bodyBytes, startCassandraService, startForward } from './pipeline/contestants.ts';
import { type Contestant, drain, Stream } from './pipeline/drain.ts';
import { Queues } from './pipeline/queues.ts';
import { createChats } from './pipeline.ts';
import { BenchKeyspace } from './stores/cassandra-loader.ts';

const sizes = (quick: boolean) =>
  quick
    ? { chats: 200, drained: 3_000, seconds: 2, passes: 1 }
    : { chats: 1_000, drained: 20_000, seconds: 2, passes: 5 };
const shares = [0.25, 0.5, 0.75] as const;
/** A hundredth of the messages later than this after they were due: the generator starved. */
const latestMs = 20;
/** A rate at which the slowest hundredth takes longer is not kept up: somebody who chats would notice. */
const keptUpMs = 100;
/** From one tried rate to the next. */
const rateStep = 1.25;

const percentileMs = (micros: Histogram, percentile: number): number => micros.getValueAtPercentile(percentile) / 1000;

const marker = Buffer.from('"client_message_id":"');
const numberIn = (text: string): number => Number(text.slice(text.lastIndexOf('-') + 1));

/** Sends at a rate, whether or not anybody keeps up. The latency of a message counts from when it was due, so one that waits for a generator
 *  that was held up is late, and not forgotten. */
const openLoop = async (
  { exchange }: Contestant,
  stream: Stream,
  rate: number,
  seconds: number,
  queues: Queues,
  idOf: 'message' | 'body',
): Promise<Sample> => {
  await queues.forgetEvents();
  const [micros, lateness] = [newHistogram(), newHistogram()];
  const count = Math.round(rate * seconds);
  const first = stream.sent;
  let seen = 0;
  let startMs = 0;
  const dueMs = (index: number) => startMs + (index * 1000) / rate;
  const stop = await queues.listen(({ content, properties }) => {
    const nowMs = performance.now();
    const at = content.indexOf(marker) + marker.length;
    const id = idOf === 'message' ? properties.messageId : content.toString('latin1', at, content.indexOf('"', at));
    seen++;
    micros.recordValue(Math.max(1, Math.round((nowMs - dueMs(numberIn(id) - first)) * 1000)));
  });
  startMs = performance.now() + 100;
  for (let index = 0; index < count; ) {
    const nowMs = performance.now();
    for (; index < count && dueMs(index) <= nowMs; index++) {
      queues.publish(stream.next(exchange));
      lateness.recordValue(Math.max(1, Math.round((nowMs - dueMs(index)) * 1000)));
    }
    await sleep(1);
  }
  for (const deadline = performance.now() + 30_000; seen < count; await sleep(20))
    if (performance.now() > deadline) throw new Error(`messages were lost: ${seen} of ${count} events have come`);
  const wallMs = performance.now() - startMs;
  await sleep(100);
  await stop();
  if (seen !== count) throw new Error(`${seen} events came of ${count} messages`);
  return { operations: count, wallMs, cpu: {}, micros, starved: percentileMs(lateness, 99) > latestMs };
};

/** The highest rate that is kept up while messages come one by one: out of full queues many travel together, which costs each of them less. */
const capacityOneByOne = async (drained: number, tryRate: (rate: number) => Promise<Sample>, { log }: BenchContext) => {
  let kept = 0;
  for (let rate = drained / 20; rate < drained; rate *= rateStep) {
    const { micros, starved } = await takenCalmly(() => tryRate(rate));
    const p99 = percentileMs(micros!, 99);
    log(`${Math.round(rate)}/s: p99 ${p99.toFixed(1)} ms`);
    if (starved || p99 > keptUpMs) break;
    kept = rate;
  }
  if (kept === 0)
    throw new Error(
      'at a twentieth of the capacity out of full queues the generator starves or the service falls behind',
    );
  return kept;
};

export const latency: Bench = {
  about: 'from when a message is due until its event is out, at 25, 50 and 75 % of capacity, against A+S',
  maxMinutes: 60,
  run: async (context: BenchContext) => {
    const stack = await context.stack();
    const { chats, drained, seconds, passes } = sizes(context.quick);
    const queues = await Queues.open(await stack.newVhost(), context);
    const keyspace = await BenchKeyspace.create(context);
    const loops = await BenchKeyspace.create(context);
    const contestants = {
      'A+S': await startForward(context, queues, 'store', { writes: 'all', cassandra: loops.endpoint }),
      service: await startCassandraService(context, queues, keyspace),
    };
    const load = (run: string) => new Stream({ run, chats, messages: 0, bodyBytes });
    const streams = { 'A+S': load('a'), service: load('s') };
    await createChats(queues, contestants.service, streams.service);
    const drainOf = (name: keyof typeof contestants) => drain(contestants[name], streams[name], drained, queues, stack);
    for (const name of ['A+S', 'service'] as const) for (let warm = 0; warm < 2; warm++) await drainOf(name);
    const fromQueues = median(
      [await drainOf('service'), await drainOf('service'), await drainOf('service')].map(perSecond),
    );
    context.log(`capacity out of full queues ${Math.round(fromQueues)}/s`);
    goFirst();
    const capacity = await capacityOneByOne(
      fromQueues,
      (rate) => openLoop(contestants.service, streams.service, rate, seconds, queues, 'body'),
      context,
    );

    const ratios = new Ratios();
    const rows: Table['rows'][number][] = [];
    const points: Curve['points'][number][] = [];
    for (const share of shares) {
      const at = (name: keyof typeof contestants, idOf: 'message' | 'body') => () =>
        openLoop(contestants[name], streams[name], capacity * share, seconds, queues, idOf);
      const found = await interleaved(
        { 'A+S': at('A+S', 'message'), service: at('service', 'body') },
        context.rounds,
        passes,
      );
      const p99 = (name: keyof typeof found) => found[name].map(({ micros }) => percentileMs(micros!, 99));
      const loop = p99('A+S');
      const added = p99('service').map((ms, round) => ms - loop[round]!);
      const starved = [...found['A+S'], ...found.service].some((sample) => sample.starved);
      const problem = starved ? 'the generator starved: messages were sent long after they were due' : undefined;
      const key = share === 0.5 ? 'half' : share === 0.25 ? 'quarter' : 'threequarters';
      ratios.add(`latency.p99.${key}`, added, { problem, slack: 1 });
      for (const name of ['A+S', 'service'] as const) {
        const whole = newHistogram();
        for (const { micros } of found[name]) whole.add(micros!);
        const ms = (percentile: number) => percentileMs(whole, percentile);
        rows.push([
          `${share * 100} %`,
          name,
          Math.round(capacity * share),
          ms(50),
          ms(99),
          ms(99.9),
          whole.maxValue / 1000,
        ]);
        if (share === 0.5)
          for (const percentile of [0, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99])
            points.push({ series: name, x: 100 / (100 - percentile), y: ms(percentile) });
      }
      context.log(`${share * 100} % measured`);
    }
    return {
      ratios: ratios.accepted,
      refused: ratios.refused,
      cpuMicrosPerMessage: {},
      tables: [
        {
          title: 'Milliseconds from due to event',
          columns: ['load', '', 'messages/s', 'p50', 'p99', 'p99.9', 'max'],
          rows,
        },
      ],
      curves: [{ title: 'Latency at half load', x: 'one message in', y: 'ms or more', logX: true, points }],
      notes: [
        `Capacity: ${Math.round(capacity)} messages/s, the highest rate tried (each ${rateStep} times the one before) at which the generator is on time and the service’s p99 stays below ${keptUpMs} ms; out of full queues it takes ${Math.round(fromQueues)}. Cassandra, ${chats} chats, ${bodyBytes} bytes, open loop; every message counts from when it was due.`,
        'latency.p99.* are milliseconds: p99 of the service less that of A+S at the same rate.',
      ],
    };
  },
};
