import { describe, expect, it } from 'vitest';
import { shortened } from './shortened.ts';
import { type Variant, variants } from './variants.ts';
import { type Result, simulate } from './world.ts';

const minute = { timeout: 120_000 };

/** The first of `seeds` that breaks an invariant, as it went. */
const firstViolation = async (seeds: number, variant: Variant): Promise<Result | undefined> => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations } = await simulate(seed, variant);
    if (violations.length > 0) return simulate(seed, variant, true);
  }
  return undefined;
};

describe('the simulation', () => {
  it('keeps every invariant under 600 seeds of faults', minute, async () => {
    const failed = await firstViolation(600, 'none');
    if (failed === undefined) return;
    const { seed, violations } = failed;
    expect.fail(`seed ${seed}: ${JSON.stringify(violations[0])}\n${shortened(failed, 40).join('\n')}`);
  });

  it('goes the same way whenever the seed is the same', minute, async () => {
    for (const seed of [3, 27, 44]) {
      const [first, second] = [await simulate(seed, 'none', true), await simulate(seed, 'none', true)];
      expect(second).toEqual(first);
      expect(first.trace.length).toBeGreaterThan(20);
    }
  });

  it.each(Object.entries(variants))('notices %s', minute, async (variant, { by, seeds }) => {
    const failed = await firstViolation(seeds, variant as Variant);
    expect(failed, `no violation within ${seeds} seeds`).toBeDefined();
    expect(by).toContain(failed!.violations[0]!.invariant);
  });
});
