import { factsOf } from '../../domain/access/access-request.ts';
import type { Member } from '../../domain/chat/roster.ts';
import { type ChatId, type Rev, rev, type Seq, seq, type UserId } from '../../domain/ids.ts';
import type { ChatReader, Standing } from '../ports/chat-reader.ts';
import type { PolicyDecisionPoint } from '../ports/policy-decision-point.ts';
import type { Clock } from '../ports/system.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

export type ReadDeps = { readonly reader: ChatReader; readonly policy: PolicyDecisionPoint; readonly clock: Clock };

export type ReadAccess = {
  readonly kind: 'ok';
  readonly member: Member;
  readonly standing: Standing;
  /** Where what this member may see begins: of what is kept, what was posted while they were in. */
  readonly fromSeq: Seq;
  readonly fromRev: Rev;
};

export type ReadRequest = {
  readonly userId: UserId;
  readonly chatId: ChatId;
  /** Wait for this rev, for a while. */
  readonly minRev?: Rev | undefined;
};

/** How long a read waits for what it was told is there, and how often it looks. */
const patienceMs = 2_000;
const lookEveryMs = 25;

/** What this user may read of this chat. A stranger is refused before the policy is asked, so that not even a failing policy tells
 *  an unknown chat from somebody else's. */
export const readAccess = async (
  { reader, policy, clock }: ReadDeps,
  { userId, chatId, minRev }: ReadRequest,
  withNewest = false,
): Promise<ReadAccess | Refused> => {
  const standing = await orUnavailable('STORAGE_UNAVAILABLE', () => reader.standing(chatId, userId, withNewest));
  if (standing?.member === undefined) return refused(noSuchChat);
  const { kind, settings, member, firstSeq, firstRev } = standing;
  const facts = factsOf({ kind, settings, roster: new Map([[userId, member]]) }, userId, clock.now());
  const decision = await orUnavailable('POLICY_UNAVAILABLE', async () => {
    const [first] = await policy.decide([{ action: 'history:read', facts }]);
    if (first === undefined) throw new Error('the policy answered nothing');
    return first;
  });
  if (decision.effect === 'deny') return refused({ code: decision.code, reason: decision.reason });
  if (minRev !== undefined && !(await isThere({ reader, clock }, chatId, minRev)))
    return refused({ code: 'NOT_YET', reason: `The chat has not come to rev ${minRev} yet.` });
  return {
    kind: 'ok',
    member,
    standing,
    fromSeq: seq(Math.max(member.fromSeq, firstSeq)),
    fromRev: rev(Math.max(member.fromRev, firstRev)),
  };
};

/** `firstAvailableSeq`: where what this user may see begins. */
export const notKept = ({ fromSeq }: ReadAccess, reason = 'It is not kept any more.'): Refused =>
  refused({ code: 'GONE', reason, firstAvailableSeq: fromSeq });

const isThere = async ({ reader, clock }: Pick<ReadDeps, 'reader' | 'clock'>, chatId: ChatId, minRev: Rev) => {
  const deadline = clock.monotonicMs() + patienceMs;
  for (;;) {
    const head = await orUnavailable('STORAGE_UNAVAILABLE', () => reader.head(chatId));
    if (head !== undefined && head.rev >= minRev) return true;
    if (clock.monotonicMs() >= deadline) return false;
    await clock.sleep(lookEveryMs);
  }
};
