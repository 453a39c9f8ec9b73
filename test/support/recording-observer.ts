import type { Disagreement, PolicyObserver } from '../../src/application/ports/policy-observer.ts';

/** Remembers what it was told. */
export const recordingObserver = () => {
  const told = {
    loaded: [] as string[],
    refused: [] as (readonly string[])[],
    disagreements: [] as Disagreement[],
    skipped: 0,
    failed: 0,
  };
  const observer: PolicyObserver = {
    loaded: (role, policy) => told.loaded.push(`${role} ${policy}`),
    refused: (_, problems) => told.refused.push(problems),
    disagreed: (disagreement) => told.disagreements.push(disagreement),
    shadowSkipped: () => told.skipped++,
    shadowFailed: () => told.failed++,
  };
  return { observer, told };
};
