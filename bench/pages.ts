import type { Bench, BenchContext, Table } from './core/bench.ts';
import { Ratios } from './core/ratios.ts';
import { added, cpuPerOperation, interleaved, ratiosOf } from './core/rounds.ts';
import { atOnce, cassandraPages, limit, type Place, pagesOf, type Source, sqlitePages } from './pages/read-pages.ts';
import { type ChatPlan, startOf } from './stores/made-chat.ts';

const places: readonly Place[] = ['newest', 'oldest', 'seq', 'time'];

const sizes = (quick: boolean) => ({
  big: quick ? 100_000 : 1_000_000,
  deleted: quick ? 20_000 : 100_000,
  // Short samples, many times in turn: the machine's slow moments are everybody's.
  pages: 100,
  passes: quick ? 1 : 12,
});

const measure = async (source: Source, plans: Plans, context: BenchContext, into: Found): Promise<void> => {
  const pages = sizes(context.quick).pages * source.times;
  const starts = new Map(Object.values(plans).map((plan) => [plan.id, startOf(plan)]));
  const of = (plan: ChatPlan, place: Place, count: number) => pagesOf(source, plan, starts.get(plan.id)!, place, count);
  const compare = async (key: string, over: ChatPlan, under: ChatPlan, place: Place) => {
    const counted = async (plan: ChatPlan) => {
      const before = source.queries();
      await of(plan, place, pages);
      return (source.queries() - before) / pages;
    };
    // Counting also warms both up.
    const queries = { over: await counted(over), under: await counted(under) };
    const found = await interleaved(
      { over: () => of(over, place, pages), under: () => of(under, place, pages) },
      context.rounds,
      sizes(context.quick).passes,
    );
    into.ratios.add(
      `pages.${key}`,
      ratiosOf(found.over, found.under, (sample) => cpuPerOperation(sample)),
    );
    for (const which of ['over', 'under'] as const) {
      const plan = which === 'over' ? over : under;
      const all = found[which].reduce(added);
      const cpu = { service: cpuPerOperation(all, 'service'), store: cpuPerOperation(all, 'store') };
      into.cpu[`${key} ${plan.id}`] = cpu;
      into.rows.push([key, plan.id, cpu.service, cpu.store, all.wallMs / all.operations, queries[which]]);
    }
    context.log(`${key} measured`);
  };
  // Both sides run compiled code before anything counts: a Cassandra that has just started reads a page at four times the cost.
  for (const until = performance.now() + (context.quick ? 3_000 : 20_000); performance.now() < until; )
    for (const plan of Object.values(plans)) for (const place of places) await of(plan, place, 20);
  for (const place of places) await compare(`${source.name}.${place}`, plans.big, plans.small, place);
  for (const place of ['newest', 'seq'] as const)
    await compare(`${source.name}.deleted.${place}`, plans.deleted, plans.kept, place);
};

type Plans = Readonly<Record<'big' | 'small' | 'deleted' | 'kept', ChatPlan>>;
type Found = {
  readonly ratios: Ratios;
  readonly rows: Table['rows'][number][];
  readonly cpu: Record<string, Record<string, number>>;
};

const plansOf = (quick: boolean): Plans => {
  const { big, deleted } = sizes(quick);
  return {
    small: { id: 'small', shard: 0, messages: 1_000 },
    kept: { id: 'kept', shard: 1, messages: deleted },
    deleted: { id: 'deleted', shard: 2, messages: deleted, deleted },
    big: { id: 'big', shard: 3, messages: big },
  };
};

export const pages: Bench = {
  about: 'a page of a chat of 1,000,000 messages against one of 1,000; and of one with 100,000 deleted',
  maxMinutes: 40,
  run: async (context) => {
    const plans = plansOf(context.quick);
    const into: Found = { ratios: new Ratios(), rows: [], cpu: {} };
    const all = Object.values(plans);
    await measure(sqlitePages(all, context), plans, context, into);
    await measure(await cassandraPages(all, context), plans, context, into);
    return {
      ratios: into.ratios.accepted,
      refused: into.ratios.refused,
      cpuMicrosPerMessage: into.cpu,
      tables: [
        {
          title: `Pages of ${limit}: CPU µs in the service and in the store's process, ms until answered (${atOnce} at once), queries`,
          columns: ['', 'chat', 'service', 'store', 'ms', 'queries'],
          rows: into.rows,
        },
      ],
      curves: [],
      notes: [
        `big: ${plans.big.messages} messages, small: ${plans.small.messages}; deleted: ${plans.deleted.messages} messages, all of them deleted, kept: as many, none deleted.`,
        'The ratio is that of the CPU time of both processes together. A page is read as by a request that is authenticated: rights, policy, page, JSON.',
      ],
    };
  },
};
