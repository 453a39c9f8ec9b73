/** npm run bench -- NAME [--json FILE] [--quick] [--rounds N]        See README.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { benches } from './benches.ts';
import type { Bench, BenchContext, BenchResult } from './core/bench.ts';
import { type LocalStack, openLocalStack } from './core/local-stack.ts';
import { describeMachine } from './core/machine.ts';
import { printResult } from './core/print.ts';
import { tally } from './core/rounds.ts';
import { writeReport } from './report.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
  },
});
const name = positionals[0] ?? '';
if (name === 'report') {
  await writeReport();
  process.exit();
}
const bench: Bench | undefined = benches[name];
const rounds = values.rounds === undefined ? (values.quick ? 2 : 5) : Number(values.rounds);
if (bench === undefined || positionals.length > 1 || !Number.isInteger(rounds) || rounds < 1) {
  console.error('usage: npm run bench -- NAME [--json FILE] [--quick] [--rounds N]\n');
  for (const [known, { about }] of Object.entries(benches)) console.error(`  ${known.padEnd(10)} ${about}`);
  process.exit(2);
}

const cleanUps: (() => Promise<void> | void)[] = [];
let cleaning: Promise<void> | undefined;
const cleanUp = (): Promise<void> => {
  cleaning ??= (async () => {
    for (const one of cleanUps.splice(0).reverse())
      await Promise.resolve(one()).catch((error) => console.error('cleaning up:', error));
  })();
  return cleaning;
};
const giveUp = async (why: string): Promise<never> => {
  console.error(why);
  await cleanUp();
  process.exit(1);
};
process.on('SIGINT', () => void giveUp('interrupted'));
process.on('SIGTERM', () => void giveUp('interrupted'));
process.on('unhandledRejection', (error) => void giveUp(String(error instanceof Error ? error.stack : error)));
setTimeout(
  () => void giveUp(`ended: it took longer than ${bench.maxMinutes} minutes`),
  bench.maxMinutes * 60_000,
).unref();

const startedMs = performance.now();
let stack: Promise<LocalStack> | undefined;
const context: BenchContext = {
  quick: values.quick,
  rounds,
  onEnd: (one) => void cleanUps.push(one),
  stack: () => {
    stack ??= openLocalStack(context.onEnd);
    return stack;
  },
  log: (line) => console.error(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s  ${line}`),
};

try {
  const machine = describeMachine();
  const found = await bench.run(context);
  const { taken, disturbed, dropped } = tally;
  const disturbance = `In ${disturbed} of ${taken} passes the host gave more than 1 % of the processors to others: ${dropped} of them were replaced, ${disturbed - dropped} count.`;
  const notes = disturbed === 0 ? found.notes : [...found.notes, disturbance];
  const result: BenchResult = { name, at: new Date().toISOString(), quick: values.quick, machine, ...found, notes };
  console.log(printResult(result));
  if (values.json !== undefined) {
    mkdirSync(dirname(values.json), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  if (Object.keys(result.refused).length > 0) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
