/** Three instances of the service on real servers, under load and under every fault; then what came out is compared with what went in.
 *
 *  npm run chaos -- [--short] [--only NAME,NAME] [--prove] [--seed N] [--rate N] [--messages N] [--report FILE]
 *
 *  It needs a local stack of its own (LOCAL_STACK_DIR and the ports beside it), since it kills the servers. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Cluster } from './cluster.ts';
import type { Violation } from './findings.ts';
import { play, type Result } from './play.ts';
import { details, explanation, header, row, writeReport } from './report.ts';
import type { Scenario } from './scenario.ts';
import { killAtSteps, killTaker } from './scenarios/kill-at-steps.ts';
import { networkFaults } from './scenarios/network-faults.ts';
import { processFaults } from './scenarios/process-faults.ts';
import { proofs } from './scenarios/proofs.ts';
import { serverFaults } from './scenarios/server-faults.ts';
import { Stack } from './stack.ts';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    prove: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    chats: { type: 'string', default: '128' },
    rate: { type: 'string' },
    messages: { type: 'string', default: '0' },
    report: { type: 'string' },
  },
});

const rate = Number(values.rate ?? (values.short ? 300 : 500));

const chosen = () => {
  if (values.prove) return proofs;
  const all = [...processFaults, killAtSteps, killTaker, ...serverFaults, ...networkFaults];
  if (values.only === undefined) return values.short ? all.filter(({ isShort }) => isShort) : all;
  return values.only.split(',').map((wanted) => {
    const scenario = all.find(({ name }) => name === wanted);
    if (scenario === undefined)
      throw new Error(`There is no scenario ${wanted}; there are ${all.map(({ name }) => name).join(', ')}.`);
    return scenario;
  });
};

/** The same seed gives the same choices (whom to kill, for how long to wait), not the same course of events. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

/** A proof must find what it hides, and nothing else. */
const isAsExpected = ({ findings, problems }: Result, mustFind: Violation | undefined): boolean =>
  problems.length === 0 &&
  (mustFind === undefined ? findings.total === 0 : findings.total > 0 && findings.counts[mustFind] === findings.total);

const main = async (): Promise<boolean> => {
  const scenarios = chosen();
  const stack = await Stack.up();
  const cluster = await Cluster.of(3, stack);
  const end = onlyOnce(async () => {
    await cluster.close();
    // What cannot be taken away now, the next run takes away first.
    await stack.clear().catch((error: Error) => console.error(`not everything is taken away: ${error.message}`));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end().finally(() => process.exit(1)));
  let isGood = false;
  // Whatever ends it: no process, vhost or keyspace stays behind.
  try {
    isGood = await playAll(scenarios, stack, cluster);
    await stack.start();
  } finally {
    await end();
    if (isGood) cluster.removeLogs();
  }
  return isGood;
};

const playAll = async (scenarios: readonly Scenario[], stack: Stack, cluster: Cluster): Promise<boolean> => {
  const startedAtMs = performance.now();
  console.log(`seed ${values.seed}, ${rate} commands/s, ${values.chats} chats, logs in ${cluster.folder}\n${header()}`);
  const settings = {
    cluster,
    stack,
    isShort: values.short,
    random: seeded(Number(values.seed)),
    chats: Number(values.chats),
    rate,
    messages: Number(values.messages),
  };
  const sums = { messages: 0, violations: 0, unlike: 0 };
  const outcomes: { name: string; isGood: boolean }[] = [];
  for (const [n, scenario] of scenarios.entries()) {
    const result = await play(scenario, { ...settings, run: `${stack.name}-${n}` });
    console.log(row(result));
    for (const detail of details(result)) console.log(`    ${detail}`);
    sums.messages += result.messages;
    sums.violations += result.findings.total;
    const isGood = isAsExpected(result, scenario.mustFind);
    if (!isGood) sums.unlike++;
    outcomes.push({ name: scenario.name, isGood });
    if (values.report !== undefined) writeReport(values.report, outcomes);
  }
  const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
  const total = `${scenarios.length} scenarios, ${sums.messages} messages, ${sums.violations} violations, ${seconds} s`;
  console.log(`\n${explanation}\n`);
  console.log(
    sums.unlike === 0
      ? `${total}.`
      : `${total}; ${sums.unlike} scenarios are not as they must be, see ${cluster.folder}.`,
  );
  return sums.unlike === 0;
};

const onlyOnce = (work: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
};

main().then(
  (isGood) => process.exit(isGood ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
