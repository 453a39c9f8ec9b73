import type { PolicyBook } from './application/ports/policy-book.ts';
import type { PolicyEngine } from './application/ports/policy-engine.ts';
import type { PolicyObserver } from './application/ports/policy-observer.ts';
import { PolicySet } from './infrastructure/cedar/policy-set.ts';
import { ShadowedPolicy } from './infrastructure/cedar/shadow-policy.ts';
import { watchFolder } from './infrastructure/cedar/watch-folder.ts';
import type { Config } from './infrastructure/config/config.ts';

export type Policies = {
  readonly engine: PolicyEngine;
  readonly book: PolicyBook;
  /** Looks at the folders now. */
  reload(): void;
  close(): void;
};

/** The policies in force and, where one is set, those that look on; both follow their folders. Throws PolicyRefused when what is to
 *  be in force is not good: what only looks on may be mended later. */
export const openPolicies = (
  { policyDir, policyShadowDir }: Pick<Config, 'policyDir' | 'policyShadowDir'>,
  observer: PolicyObserver,
): Policies => {
  const live = new PolicySet(policyDir, 'live', observer);
  live.load();
  const sets: { set: PolicySet; dir: string }[] = [{ set: live, dir: policyDir }];
  let engine: PolicyEngine = live;
  if (policyShadowDir !== undefined) {
    const shadow = new PolicySet(policyShadowDir, 'shadow', observer);
    shadow.reload();
    sets.push({ set: shadow, dir: policyShadowDir });
    engine = new ShadowedPolicy(live, shadow, observer);
  }
  const stops = sets.map(({ set, dir }) => watchFolder(dir, () => void set.reload()));
  return {
    engine,
    book: live,
    reload: () => {
      for (const { set } of sets) set.reload();
    },
    close: () => {
      for (const stop of stops) stop();
    },
  };
};
