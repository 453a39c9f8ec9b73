/** npm run fuzz:amqp -- --inputs N --seed S: pushes so many generated bodies through the actors; exit code 1, and the fewest that fail. */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { someBodies } from './any-body.ts';
import { noCounts, sendAll } from './fates.ts';
import { inProcessHarness } from './in-process.ts';

const { values } = parseArgs({ options: { inputs: { type: 'string' }, seed: { type: 'string' } } });
const inputs = Number(values.inputs ?? 10_000);
const firstSeed = Number(values.seed ?? Date.now() % 2 ** 31);

const counts = noCounts();
const began = performance.now();
for (let seed = firstSeed; counts.bodies < inputs; seed++) {
  const property = fc.asyncProperty(someBodies, (some) => sendAll(inProcessHarness(), some, counts));
  const { failed, counterexample, counterexamplePath, errorInstance } = await fc.check(property, { seed });
  if (failed) {
    console.log(`after ${counts.bodies} bodies, seed ${seed}, path ${counterexamplePath}:`, errorInstance);
    for (const { body, route } of counterexample?.[0] ?? []) console.log(`to ${route}: ${body}`);
    process.exit(1);
  }
}
const { bodies, ...fates } = counts;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${bodies} bodies (from seed ${firstSeed}) in ${seconds} s, each with the fate that it should have:`,
  fates,
);
