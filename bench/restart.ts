import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from './core/bench.ts';
import { median, Ratios } from './core/ratios.ts';
import { interleaved, ratiosOf, type Sample } from './core/rounds.ts';
import { startService } from './core/service.ts';
import { chatIdAt, type Load } from './load.ts';
import { Stream } from './pipeline/drain.ts';
import { Queues, serviceCommands } from './pipeline/queues.ts';
import { BenchKeyspace } from './stores/cassandra-loader.ts';
import { homeQueue, plansOf } from './stores/loaded-chats.ts';
import { benchFolder, loadSqlite } from './stores/sqlite-loader.ts';

type Env = Record<string, string>;

const loadOf = (chats: number): Load => ({ run: 'r', chats, messages: 0, bodyBytes: 200, ownUsers: true });
const each = { messages: 1 };

/** From the start of the process to the event of a message that was there before it. */
const restart = (context: BenchContext, queues: Queues, env: Env, stream: Stream) => async (): Promise<Sample> => {
  await queues.forgetEvents();
  await queues.fill(stream.take(1, serviceCommands));
  const startMs = performance.now();
  const starting = startService(context, { ...env, RABBITMQ_URL: queues.url });
  const [service, endMs] = await Promise.all([starting, queues.untilEvents(1, 60_000)]);
  await service.child.stop();
  return { operations: 1, wallMs: endMs - startMs, cpu: {} };
};

const compare = async (name: string, envs: { empty: Env; full: Env }, context: BenchContext, ratios: Ratios) => {
  const stack = await context.stack();
  const contestants: Record<string, () => Promise<Sample>> = {};
  for (const which of ['empty', 'full'] as const) {
    const queues = await Queues.open(await stack.newVhost(), context);
    // Declares the queues.
    await startService(context, { ...envs[which], RABBITMQ_URL: queues.url }).then(({ child }) => child.stop());
    contestants[which] = restart(context, queues, envs[which], new Stream(loadOf(1), homeQueue));
  }
  await sleep(1_000);
  const found = await interleaved(contestants, context.rounds);
  ratios.add(
    name,
    ratiosOf(found.full!, found.empty!, ({ wallMs }) => wallMs),
  );
  return (['empty', 'full'] as const).map((which) => [
    `${name} ${which}`,
    Math.round(median(found[which]!.map(({ wallMs }) => wallMs / 2))),
  ]);
};

export const restartBench: Bench = {
  about: 'time from the start of the process to the first message, with 1,000,000 chats stored and with one',
  maxMinutes: 60,
  run: async (context) => {
    const chats = context.quick ? 5_000 : 1_000_000;
    const stack = await context.stack();
    const ratios = new Ratios();
    const keyspaceWith = async (count: number) => {
      const keyspace = await BenchKeyspace.create(context);
      await keyspace.load(plansOf(loadOf(count), each));
      await keyspace.settle();
      context.log(`Cassandra holds ${count} chats, among them ${chatIdAt(loadOf(count), 0)}`);
      return {
        CASSANDRA_CONTACT_POINTS: stack.cassandra.contactPoints.join(','),
        CASSANDRA_LOCAL_DATACENTER: stack.cassandra.localDataCenter,
        CASSANDRA_KEYSPACE: keyspace.name,
      };
    };
    const folderWith = (count: number) => {
      const folder = benchFolder(context);
      loadSqlite(folder, plansOf(loadOf(count), each));
      context.log(`SQLite holds ${count} chats`);
      return { DATA_DIR: folder };
    };
    const sqlite = await compare('restart.sqlite', { empty: folderWith(1), full: folderWith(chats) }, context, ratios);
    const envs = { empty: await keyspaceWith(1), full: await keyspaceWith(chats) };
    const cassandra = await compare('restart', envs, context, ratios);
    return {
      ratios: ratios.accepted,
      refused: ratios.refused,
      cpuMicrosPerMessage: {},
      tables: [{ title: 'Milliseconds to the first event', columns: ['', 'ms'], rows: [...sqlite, ...cassandra] }],
      curves: [],
      notes: [
        `full: ${chats} chats of one message, empty: one. The message waits in its queue before the process starts.`,
      ],
    };
  },
};
