import type { Rejection } from '../../domain/chat/rejection.ts';
import type { ChatId, UserId } from '../../domain/ids.ts';
import type { ChatReader } from '../ports/chat-reader.ts';
import type { PolicyDecisionPoint } from '../ports/policy-decision-point.ts';
import { noSuchChat, orUnavailable } from './result.ts';

export type ReadAccessDeps = { readonly reader: ChatReader; readonly policy: PolicyDecisionPoint };

/** Why this user may not read this chat, or undefined when they may. A stranger is refused before the policy is asked, so
 *  that not even a failing policy tells an unknown chat from somebody else's. */
export const refusalToRead = async (
  { reader, policy }: ReadAccessDeps,
  userId: UserId,
  chatId: ChatId,
): Promise<Rejection | undefined> => {
  const standing = await orUnavailable('STORAGE_UNAVAILABLE', () => reader.standing(chatId, userId));
  if (standing?.role === undefined) return noSuchChat;
  const facts = { is_member: true, role: standing.role, chat_kind: standing.kind };
  const decision = await orUnavailable('POLICY_UNAVAILABLE', async () => {
    const [first] = await policy.decide([{ action: 'history:read', facts }]);
    if (first === undefined) throw new Error('the policy answered nothing');
    return first;
  });
  return decision.effect === 'permit' ? undefined : { code: decision.code, reason: decision.reason };
};
