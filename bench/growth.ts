import type { Bench, BenchContext, Curve, Table } from './core/bench.ts';
import { logSlope, median, Ratios } from './core/ratios.ts';
import { added, cpuPerOperation, interleaved, ratiosOf, type Sample, warmUp } from './core/rounds.ts';
import { messageCosts, type Point, storeChats } from './growth/messages.ts';
import type { Load } from './load.ts';
import { cassandraPages, pagesOf, type Source, sqlitePages } from './pages/read-pages.ts';
import type { BenchKeyspace } from './stores/cassandra-loader.ts';
import { type ChatPlan, startOf } from './stores/made-chat.ts';

const sizesOf = (quick: boolean) =>
  quick
    ? {
        chats: [100, 2_000],
        history: [1_000, 30_000],
        members: [2, 1_000],
        bodies: [100, 8_000],
        messages: 1_000,
        pages: { cassandra: 60, sqlite: 300 },
      }
    : {
        chats: [100, 10_000, 1_000_000],
        history: [1_000, 10_000, 100_000, 1_000_000, 10_000_000],
        members: [2, 100, 1_000, 10_000],
        bodies: [100, 500, 2_000, 8_000],
        messages: 1_250,
        pages: { cassandra: 1_600, sqlite: 2_700 },
      };

type Found = {
  readonly ratios: Ratios;
  readonly rows: Table['rows'][number][];
  readonly curves: Curve[];
  readonly cpu: Record<string, Record<string, number>>;
};

const load = (run: string, over: Partial<Load>): Load => ({
  run,
  chats: 20,
  messages: 0,
  bodyBytes: 200,
  ownUsers: true,
  ...over,
});

/** The cost at each size, the ratio of the largest to the smallest, and the slope over all. */
const note = (
  into: Found,
  key: string,
  axis: string,
  sizes: readonly { readonly name: string; readonly x: number }[],
  found: Readonly<Record<string, readonly Sample[]>>,
) => {
  const cost = (name: string) => median(found[name]!.map((sample) => cpuPerOperation(sample)));
  const points = sizes.map(({ name, x }) => ({ series: key, x, y: cost(name) }));
  for (const { name, x } of sizes) {
    const samples = found[name]!;
    const cpu = Object.keys(samples[0]!.cpu).map((process): [string, number] => [
      process,
      median(samples.map((sample) => cpuPerOperation(sample, process))),
    ]);
    into.cpu[name] = Object.fromEntries(cpu);
    into.rows.push([name, x, cost(name)]);
  }
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  into.ratios.add(
    key,
    ratiosOf(found[last.name]!, found[first.name]!, (sample) => cpuPerOperation(sample)),
  );
  into.rows.push([`${key}: slope`, '', logSlope(points)]);
  into.curves.push({ title: `${key}: CPU µs`, x: axis, y: 'CPU µs of all processes', logX: true, points });
};

const messages = async (
  key: string,
  axis: string,
  points: readonly Point[],
  context: BenchContext,
  into: Found,
  stored?: readonly BenchKeyspace[],
) => {
  const keyspaces = stored ?? (await storeChats(points, context));
  const found = await messageCosts(points, keyspaces, sizesOf(context.quick).messages, context);
  note(into, key, axis, points, found);
  context.log(`${key} measured`);
};

/** Half of the pages are the newest one, half lie anywhere. */
const history = async (key: string, source: Source, plans: readonly ChatPlan[], context: BenchContext, into: Found) => {
  const pages = sizesOf(context.quick).pages[source.name] / 2;
  const both = async (plan: ChatPlan): Promise<Sample> => {
    const newest = await pagesOf(source, plan, startOf(plan), 'newest', pages);
    const anywhere = await pagesOf(source, plan, startOf(plan), 'seq', pages);
    return added(newest, anywhere);
  };
  const contestants = Object.fromEntries(plans.map((plan) => [`${key} ${plan.messages}`, () => both(plan)]));
  const passes = context.quick ? 1 : 3;
  await warmUp(contestants, passes);
  const found = await interleaved(contestants, context.rounds, passes);
  const sizes = plans.map(({ messages: x }) => ({ name: `${key} ${x}`, x }));
  note(into, key, 'messages in the chat', sizes, found);
  context.log(`${key} measured`);
};

export const growth: Bench = {
  about: 'CPU per message over stored chats, members and body size; cost of a page over the length of the history',
  maxMinutes: 150,
  run: async (context) => {
    const sizes = sizesOf(context.quick);
    const into: Found = { ratios: new Ratios(), rows: [], curves: [], cpu: {} };
    const named = (key: string, x: number, over: Partial<Load>, rest: Partial<Point> = {}): Point => ({
      name: `${key} ${x}`,
      x,
      load: load('g', over),
      ...rest,
    });
    await messages(
      'growth.members',
      'members of the chat',
      sizes.members.map((x) => named('growth.members', x, { ownUsers: false }, { members: x })),
      context,
      into,
    );
    await messages(
      'growth.body',
      'bytes of text',
      sizes.bodies.map((x) => named('growth.body', x, { bodyBytes: x })),
      context,
      into,
    );
    const plans = sizes.history.map((count, index): ChatPlan => ({ id: `h${index}`, shard: index, messages: count }));
    await history('growth.history.sqlite', sqlitePages(plans, context), plans, context, into);
    await history('growth.history', await cassandraPages(plans, context), plans, context, into);
    const all = sizes.chats.map((x) => named('growth.chats', x, { chats: x }, { from: 10_000_000 }));
    const active = sizes.chats.map((x) => named('growth.chats.active', x, { chats: x }, { active: 100 }));
    const stored = await storeChats(all, context);
    await messages('growth.chats.active', 'stored chats, 100 of them active', active, context, into, stored);
    await messages('growth.chats', 'stored chats, all of them active', all, context, into, stored);
    return {
      ratios: into.ratios.accepted,
      refused: into.ratios.refused,
      cpuMicrosPerMessage: into.cpu,
      tables: [{ title: 'CPU µs per message or page, all processes', columns: ['', 'size', 'µs'], rows: into.rows }],
      curves: into.curves,
      notes: [
        'Ratios: largest size ÷ smallest. slope: of the logarithms, 0 is flat, 1 is proportional.',
        'growth.chats sends to all stored chats in turn: with more than are kept in memory, every message opens its chat first. growth.chats.active sends to 100 of them.',
        'Cassandra, except growth.history.sqlite. What was stored was loaded, by the service’s own rules and projections.',
      ],
    };
  },
};
