import { type AccessDecision, type Action, ageClass, type Facts, factsOf } from '../../domain/access/access-request.ts';
import type { ChatKind, ChatState } from '../../domain/chat/chat-state.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Role } from '../../domain/chat/roster.ts';
import { isSystem } from '../../domain/chat/system-sender.ts';
import type { ChatId, ClientMessageId, Seq, UserId } from '../../domain/ids.ts';
import type { Standing } from '../ports/chat-reader.ts';
import type { PolicyBook, RuleView } from '../ports/policy-book.ts';
import type { ReadDeps } from './read-access.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

export type ExplainDeps = ReadDeps & { readonly book: PolicyBook };

/** Would this user be allowed this? */
export type AccessQuestion = {
  readonly userId: UserId;
  readonly action: Action;
  /** Left out for a chat that is to be created. */
  readonly chatId: ChatId | undefined;
  readonly kind: ChatKind | undefined;
  /** Of the message that it is about. */
  readonly seq: Seq | undefined;
  readonly forEveryone: boolean;
  /** The member that it is about, and the role they are to have. */
  readonly aboutUserId: UserId | undefined;
  readonly newRole: Role | undefined;
};

export type AccessExplained = {
  readonly kind: 'ok';
  readonly facts: Facts;
  readonly decision: AccessDecision;
  readonly rules: readonly RuleView[];
};

/** For operators, and for those who run the chat. Says what the policy says: what the domain would refuse besides is not asked. */
export const explainAccess =
  (deps: ExplainDeps) =>
  async (asker: UserId, question: AccessQuestion): Promise<AccessExplained | Refused> => {
    const { chatId } = question;
    if (chatId === undefined && !isSystem(asker))
      return refused({ code: 'FORBIDDEN', reason: 'Name a chat that you run, as chat_id.' });
    const refusal = chatId === undefined ? undefined : await notYours(deps, asker, chatId);
    if (refusal !== undefined) return refused(refusal);
    const facts = await factsFor(deps, question);
    const decision = await orUnavailable('POLICY_UNAVAILABLE', async () => {
      const [first] = await deps.policy.decide([{ action: question.action, facts }]);
      if (first === undefined) throw new Error('the policy answered nothing');
      return first;
    });
    return { kind: 'ok', facts, decision, rules: rulesBehind(deps.book, decision.basis?.rules ?? []) };
  };

export type DecisionExplained = {
  readonly kind: 'ok';
  readonly entry: Entry;
  /** The set in force is still the one that decided. */
  readonly inForce: boolean;
  readonly rules: readonly RuleView[];
};

/** By what an entry was allowed, for operators and for those who run the chat. */
export const explainDecision =
  (deps: ExplainDeps) =>
  async (
    asker: UserId,
    chatId: ChatId,
    senderId: UserId,
    clientMessageId: ClientMessageId,
  ): Promise<DecisionExplained | Refused> => {
    const refusal = await notYours(deps, asker, chatId);
    if (refusal !== undefined) return refused(refusal);
    const entry = await orUnavailable('STORAGE_UNAVAILABLE', () =>
      deps.reader.entryOf(chatId, senderId, clientMessageId),
    );
    if (entry === undefined)
      return refused({
        code: 'TARGET_NOT_FOUND',
        reason:
          'No entry of this sender has this id. What was rejected is not kept: only its event says by which rule. ' +
          'Of somebody else’s command, name them as sender_id.',
      });
    const inForce = entry.receipt?.policy === deps.book.hash;
    return { kind: 'ok', entry, inForce, rules: inForce ? rulesBehind(deps.book, entry.receipt?.rules ?? []) : [] };
  };

const rulesBehind = ({ rules }: PolicyBook, ids: readonly string[]): readonly RuleView[] =>
  rules.filter(({ id }) => ids.includes(id));

/** A stranger cannot tell an unknown chat from somebody else's. */
const notYours = async ({ reader }: Pick<ReadDeps, 'reader'>, asker: UserId, chatId: ChatId) => {
  const standing = await orUnavailable('STORAGE_UNAVAILABLE', () => reader.standing(chatId, asker));
  if (standing !== undefined && isSystem(asker)) return undefined;
  if (standing?.member === undefined) return noSuchChat;
  return runs(standing)
    ? undefined
    : ({ code: 'FORBIDDEN', reason: 'Only owners and admins of the chat may ask this.' } as const);
};

const runs = ({ kind, member }: Standing): boolean =>
  member?.role === 'owner' || member?.role === 'admin' || kind === 'direct';

const factsFor = async ({ reader, clock }: ReadDeps, question: AccessQuestion): Promise<Facts> => {
  const { chatId, userId, seq, aboutUserId } = question;
  const now = clock.now();
  if (chatId === undefined || question.action === 'chat:create')
    return { ...factsOf(undefined, userId, now), chat_kind: question.kind ?? 'group' };
  const [chat, about, message] = await orUnavailable('STORAGE_UNAVAILABLE', () =>
    Promise.all([
      reader.standing(chatId, userId),
      aboutUserId === undefined ? undefined : reader.standing(chatId, aboutUserId),
      seq === undefined ? undefined : reader.message(chatId, seq),
    ]),
  );
  return {
    ...factsOf(chat && chatOf(chat, userId), userId, now),
    ...(message && { is_author: message.post.senderId === userId, age: ageClass(message.post.at, now) }),
    for_everyone: question.forEveryone,
    is_self: aboutUserId === userId,
    target_role: about?.member?.role ?? 'none',
    new_role: question.newRole ?? 'none',
  };
};

const chatOf = (
  { kind, settings, member }: Standing,
  userId: UserId,
): Pick<ChatState, 'kind' | 'settings' | 'roster'> => ({
  kind,
  settings,
  roster: new Map(member === undefined ? [] : [[userId, member]]),
});
