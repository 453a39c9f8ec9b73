import type { DecisionReceipt } from '../../domain/access/decision-receipt.ts';
import { userId } from '../../domain/ids.ts';

/** `<policy>/<roster rev>/<rule>,<rule>`, and `/<who acted>` where the sender did not: half of what the same takes as JSON, and every message carries one. Neither the hash nor
 *  a rule's id contains `/` or `,` (policy-rules.ts). */
export const receiptText = (receipt: DecisionReceipt | undefined): string | undefined =>
  receipt &&
  `${receipt.policy}/${receipt.rosterRev}/${receipt.rules.join(',')}${receipt.actedBy === undefined ? '' : `/${receipt.actedBy}`}`;

/** For an entry that is read: no field where there is no text, as in rows of versions that kept none. */
export const receiptField = (text: string | null | undefined): { readonly receipt?: DecisionReceipt } => {
  if (text == null) return {};
  const [policy = '', rosterRev, rules = '', ...actedBy] = text.split('/');
  const receipt = { policy, rosterRev: Number(rosterRev), rules: rules === '' ? [] : rules.split(',') };
  // A user id may have a `/` of its own.
  return { receipt: actedBy.length === 0 ? receipt : { ...receipt, actedBy: userId(actedBy.join('/')) } };
};
