import type { DecisionReceipt } from '../../domain/access/decision-receipt.ts';

/** `<policy>/<roster rev>/<rule>,<rule>`: half of what the same takes as JSON, and every message carries one. Neither the hash nor
 *  a rule's id contains `/` or `,` (policy-rules.ts). */
export const receiptText = (receipt: DecisionReceipt | undefined): string | undefined =>
  receipt && `${receipt.policy}/${receipt.rosterRev}/${receipt.rules.join(',')}`;

/** For an entry that is read: no field where there is no text, as in rows of versions that kept none. */
export const receiptField = (text: string | null | undefined): { readonly receipt?: DecisionReceipt } => {
  if (text == null) return {};
  const [policy = '', rosterRev, rules = ''] = text.split('/');
  return { receipt: { policy, rosterRev: Number(rosterRev), rules: rules === '' ? [] : rules.split(',') } };
};
