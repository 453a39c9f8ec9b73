import { describe, expect, it } from 'vitest';
import { type Directed, directed } from './directed.ts';
import { shortened } from './shortened.ts';
import { type Breach, type Variant, variants } from './variants.ts';
import { type Result, type Scenario, simulate } from './world.ts';

const minute = { timeout: 120_000 };

/** The first of `seeds` that breaks an invariant, as it went. */
const firstViolation = async (
  seeds: number,
  variant: Variant,
  scenario?: Scenario,
  seen?: (result: Result) => void,
): Promise<Result | undefined> => {
  for (let seed = 1; seed <= seeds; seed++) {
    const result = await simulate(seed, variant, false, scenario);
    if (result.violations.length > 0) return simulate(seed, variant, true, scenario);
    seen?.(result);
  }
  return undefined;
};

const failWith = (failed: Result | undefined) => {
  if (failed === undefined) return;
  const { seed, violations } = failed;
  expect.fail(`seed ${seed}: ${JSON.stringify(violations[0])}\n${shortened(failed, 40).join('\n')}`);
};

describe('the simulation', () => {
  it('keeps every invariant under 600 seeds of faults', minute, async () => {
    failWith(await firstViolation(600, 'none'));
  });

  it.each(Object.entries<Directed>(directed))('keeps every invariant in "%s"', minute, async (_name, scenario) => {
    const happened = new Set<string>();
    const look = ({ fired, counts }: Result) => {
      for (const [name, count] of Object.entries({ ...fired, ...counts })) if (count > 0) happened.add(name);
    };
    failWith(await firstViolation(scenario.seeds, 'none', scenario, look));
    expect([...happened]).toEqual(expect.arrayContaining([...scenario.reaches]));
  });

  it('goes the same way whenever the seed is the same', minute, async () => {
    for (const seed of [3, 27, 44]) {
      const [first, second] = [await simulate(seed, 'none', true), await simulate(seed, 'none', true)];
      expect(second).toEqual(first);
      expect(first.trace.length).toBeGreaterThan(20);
    }
  });

  it.each(Object.entries<Breach>(variants))('notices %s', minute, async (variant, { by, seeds, scenario }) => {
    const failed = await firstViolation(seeds, variant as Variant, scenario && directed[scenario]);
    expect(failed, `no violation within ${seeds} seeds`).toBeDefined();
    expect(by).toContain(failed!.violations[0]!.invariant);
  });
});
