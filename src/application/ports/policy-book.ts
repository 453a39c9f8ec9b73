/** A rule as people may look it up. */
export type RuleView = {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** file:line */
  readonly place: string;
};

/** The policy set in force, for whoever explains decisions. */
export type PolicyBook = { readonly hash: string; readonly rules: readonly RuleView[] };
