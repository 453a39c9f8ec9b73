import type { DirectedName } from './directed.ts';

/** What the service would do without one of its rules. The product has no switch for these: the fakes, the
 *  wrappers in broken-rules.ts and, where nothing else reaches, broken-classes.ts break the rule around it. `by` are the invariants that may report it; `seeds` how many seeds are enough to see it; `scenario`: where it is
 *  met, when random faults meet it too rarely. */
export type Breach = { readonly by: readonly string[]; readonly seeds: number; readonly scenario?: DirectedName };

export const variants = {
  'ack-before-confirm': { by: ['I6'], seeds: 5 },
  'projection-before-journal': { by: ['I2'], seeds: 5 },
  'no-state-condition': { by: ['I3', 'I4', 'I5', 'I6'], seeds: 100 },
  'no-replay': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 100 },
  'journal-read-before-fence': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 400 },
  'epoch-not-raised': { by: ['I5'], seeds: 20 },
  'local-one': { by: ['I3', 'I6'], seeds: 20 },
  'wall-clock-timestamps': { by: ['I2', 'I3', 'I4', 'I6', 'I9'], seeds: 200 },
  'nack-requeue': { by: ['I3'], seeds: 50 },
  'only-unconfirmed-again': { by: ['I1'], seeds: 100 },
  'append-again-with-more': { by: ['I2', 'I3', 'I4', 'I6'], seeds: 100 },
  'release-with-undone': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 600 },
  'done-before-confirm': { by: ['I1'], seeds: 50 },
  'replay-after-cas': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 400 },
  'rebuild-before-done': { by: ['I3', 'I4'], seeds: 100 },
  'published-before-journal': { by: ['I2', 'I6'], seeds: 5 },
  'answers-before-confirming': { by: ['I6'], seeds: 30, scenario: 'zombie-opens-a-chat' },
  'reworded-again': { by: ['I4'], seeds: 20 },
  'blank-again': { by: ['I4'], seeds: 20 },
  'reactions-forgotten': { by: ['I4'], seeds: 60 },
  'impure-projection': { by: ['I3', 'I4'], seeds: 5 },
  'repairs-what-was-read': { by: ['I3'], seeds: 50 },
  'head-apart': { by: ['I3'], seeds: 20 },
  'carry-passes-undone': { by: ['I1'], seeds: 5, scenario: 'ring-is-full' },
  'slot-reused': { by: ['I1'], seeds: 5, scenario: 'ring-is-full' },
  'permits-without-a-word': { by: ['I7'], seeds: 5, scenario: 'policy-is-out' },
  'denies-without-a-word': { by: ['I7'], seeds: 5, scenario: 'policy-is-out' },
} as const satisfies Record<string, Breach>;

export type Variant = keyof typeof variants | 'none';
