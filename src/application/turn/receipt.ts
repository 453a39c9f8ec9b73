import type { AccessDecision } from '../../domain/access/access-request.ts';
import type { DecisionReceipt, PolicyBasis } from '../../domain/access/decision-receipt.ts';
import type { UserId } from '../../domain/ids.ts';
import type { ResidentChat } from './resident-chat.ts';

/** What a decision is kept with. The same object while neither the rules nor the roster change: what stores and events make of it is
 *  made once, not per message. */
export const receiptOf = (
  chat: ResidentChat,
  { basis }: Pick<AccessDecision, 'basis'>,
  actedBy?: UserId,
): DecisionReceipt | undefined => {
  const { rosterRev, lastReceipt } = chat;
  if (actedBy !== undefined) return { ...(basis ?? nobodyAsked), rosterRev, actedBy };
  if (basis === undefined) return undefined;
  if (lastReceipt?.basis === basis && lastReceipt.receipt.rosterRev === rosterRev) return lastReceipt.receipt;
  const receipt: DecisionReceipt = { policy: basis.policy, rules: basis.rules, rosterRev };
  chat.lastReceipt = { basis, receipt };
  return receipt;
};

/** Who acted for somebody is kept all the same. */
const nobodyAsked: PolicyBasis = { policy: '', rules: [] };

/** Of several answers about one command: the first refusal, or a permission for all of them. */
export const together = (words: readonly AccessDecision[]): AccessDecision | undefined => {
  const [first] = words;
  const refusal = words.find(({ effect }) => effect === 'deny');
  if (refusal !== undefined || first === undefined || words.length === 1) return refusal ?? first;
  const bases = words.map(({ basis }) => basis).filter((basis) => basis !== undefined);
  const rules = [...new Set(bases.flatMap((basis) => basis.rules))];
  return bases.length === 0 ? first : { ...first, basis: { policy: bases[0]!.policy, rules } satisfies PolicyBasis };
};
