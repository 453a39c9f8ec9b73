import type { BenchContext } from '../core/bench.ts';
import { interleaved, type Sample, warmUp } from '../core/rounds.ts';
import type { Load } from '../load.ts';
import { startCassandraService } from '../pipeline/contestants.ts';
import { drain, Stream } from '../pipeline/drain.ts';
import { Queues } from '../pipeline/queues.ts';
import { BenchKeyspace } from '../stores/cassandra-loader.ts';
import { homeQueue, plansOf } from '../stores/loaded-chats.ts';

/** One size of what grows: the chats that are stored, and those that messages are sent to. */
export type Point = {
  readonly name: string;
  readonly x: number;
  readonly load: Load;
  readonly members?: number;
  /** Messages go to the first so many; left out: to all in turn. */
  readonly active?: number;
  /** The first of them, where others were sent to the same chats before. */
  readonly from?: number;
};

/** The chats of each point, in a keyspace of its own. */
export const storeChats = async (points: readonly Point[], context: BenchContext): Promise<BenchKeyspace[]> => {
  const keyspaces: BenchKeyspace[] = [];
  for (const { name, load, members = 2 } of points) {
    const keyspace = await BenchKeyspace.create(context);
    await keyspace.load(plansOf(load, { messages: 1, members }));
    keyspaces.push(keyspace);
    context.log(`${name}: ${load.chats} chats are stored`);
  }
  // Before the services: their beats would never let the store come to rest.
  for (const keyspace of keyspaces) await keyspace.settle();
  return keyspaces;
};

/** Messages through one service per size, all of them running, in turn. */
export const messageCosts = async (
  points: readonly Point[],
  keyspaces: readonly BenchKeyspace[],
  count: number,
  context: BenchContext,
): Promise<Record<string, Sample[]>> => {
  const stack = await context.stack();
  const contestants: Record<string, () => Promise<Sample>> = {};
  const children: { stop(): Promise<void> }[] = [];
  for (const [index, { name, load, active = load.chats, from }] of points.entries()) {
    const queues = await Queues.open(await stack.newVhost(), context);
    const service = await startCassandraService(context, queues, keyspaces[index]!);
    children.push(service.child);
    const stream = new Stream({ ...load, chats: active }, homeQueue, from);
    contestants[name] = () => drain(service, stream, count, queues, stack);
  }
  const passes = context.quick ? 1 : 4;
  await warmUp(contestants, passes);
  const found = await interleaved(contestants, context.rounds, passes);
  for (const child of children) await child.stop();
  return found;
};
