import { parseArgs } from 'node:util';
import { type DirectedName, directed } from './directed.ts';
import { shortened } from './shortened.ts';
import { type Variant, variants } from './variants.ts';
import { type Result, simulate } from './world.ts';

/** `npm run simulate -- --seeds 2000 [--from S] [--variant NAME] [--scenario NAME] [--trace N]`: exit 1 at the first seed that breaks an invariant. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    variant: { type: 'string', default: 'none' },
    scenario: { type: 'string' },
    trace: { type: 'string', default: '60' },
  },
});

const variant = values.variant as Variant;
if (variant !== 'none' && !(variant in variants))
  throw new Error(`no such variant; there are ${Object.keys(variants).join(', ')}`);
const scenario = values.scenario === undefined ? undefined : directed[values.scenario as DirectedName];
if (values.scenario !== undefined && scenario === undefined)
  throw new Error(`no such scenario; there are ${Object.keys(directed).join(', ')}`);
const [from, seeds] = [Number(values.from), Number(values.seeds)];
const startedMs = performance.now();
const sums: Record<string, number> = {};
const fired: Record<string, number> = {};
let failed: Result | undefined;
let seed = from;
for (; seed < from + seeds && failed === undefined; seed++) {
  const result = await simulate(seed, variant, false, scenario);
  for (const [name, count] of Object.entries({ tasks: result.tasks, ...result.counts }))
    sums[name] = name === 'mostOpen' ? Math.max(sums[name] ?? 0, count) : (sums[name] ?? 0) + count;
  for (const [kind, count] of Object.entries(result.fired)) fired[kind] = (fired[kind] ?? 0) + count;
  if (result.violations.length > 0) failed = await simulate(seed, variant, true, scenario);
}
const seconds = (performance.now() - startedMs) / 1000;
console.log(
  `${seed - from} seeds in ${seconds.toFixed(1)} s, ${((seed - from) / seconds).toFixed(1)} seeds/s;`,
  JSON.stringify(sums),
);
console.log(
  `faults: ${Object.entries(fired)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')}`,
);
if (failed !== undefined) {
  console.log(`seed ${failed.seed} violates`);
  for (const { invariant, text, chat } of failed.violations.slice(0, 5))
    console.log(`  ${invariant} ${chat ?? ''}: ${text}`);
  for (const line of shortened(failed, Number(values.trace))) console.log(line);
  process.exit(1);
}
process.exit(0);
