import fc from 'fast-check';
import { expect, it } from 'vitest';
import { someBodies } from '../fuzz/amqp/any-body.ts';
import { noCounts, sendAll } from '../fuzz/amqp/fates.ts';
import { inProcessHarness } from '../fuzz/amqp/in-process.ts';

it('whatever is published ends in one entry, one rejection or one dead letter, and the next good command is taken', async () => {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(someBodies, (some) => sendAll(inProcessHarness(), some, counts)),
    { numRuns: 10 },
  );
  // The generator reaches these, or this test shows less than it says. A repeat needs luck.
  const { bodies, entries, rejections, deadLetters } = counts;
  expect(Math.min(bodies, entries, rejections, deadLetters)).toBeGreaterThan(0);
}, 60_000);
