/** Three instances of the service on real servers, under load and under every fault; then what came out is compared with what went in.
 *
 *  npm run chaos -- [--short] [--only NAME,NAME] [--prove] [--seed N] [--rate N] [--messages N]
 *
 *  It needs a local stack of its own (LOCAL_STACK_DIR and the ports beside it), since it kills the servers. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Cluster } from './cluster.ts';
import type { Violation } from './findings.ts';
import { play, type Result } from './play.ts';
import { details, explanation, header, row } from './report.ts';
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
    rate: { type: 'string', default: '500' },
    messages: { type: 'string', default: '0' },
  },
});

const chosen = () => {
  if (values.prove) return proofs;
  const all = [...processFaults, ...serverFaults, ...networkFaults];
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
  const stack = await Stack.up(`chaos_${Date.now().toString(36)}`);
  const cluster = await Cluster.of(3, stack);
  const killAll = () => {
    for (const instance of cluster.instances) void instance.kill();
  };
  process.once('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  console.log(
    `seed ${values.seed}, ${values.rate} commands/s, ${values.chats} chats, logs in ${cluster.folder}\n${header()}`,
  );
  const settings = {
    cluster,
    stack,
    isShort: values.short,
    random: seeded(Number(values.seed)),
    chats: Number(values.chats),
    rate: Number(values.rate),
    messages: Number(values.messages),
  };
  const sums = { messages: 0, violations: 0, unlike: 0 };
  for (const [n, scenario] of scenarios.entries()) {
    const result = await play(scenario, { ...settings, run: `${stack.name}-${n}` });
    console.log(row(result));
    for (const detail of details(result)) console.log(`    ${detail}`);
    sums.messages += result.messages;
    sums.violations += result.findings.total;
    if (!isAsExpected(result, scenario.mustFind)) sums.unlike++;
  }
  await cluster.close();
  await stack.clear();
  console.log(`\n${explanation}\n`);
  const total = `${scenarios.length} scenarios, ${sums.messages} messages, ${sums.violations} violations`;
  if (sums.unlike === 0) cluster.removeLogs();
  console.log(
    sums.unlike === 0
      ? `${total}.`
      : `${total}; ${sums.unlike} scenarios are not as they must be, see ${cluster.folder}.`,
  );
  return sums.unlike === 0;
};

main().then(
  (isGood) => process.exit(isGood ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
