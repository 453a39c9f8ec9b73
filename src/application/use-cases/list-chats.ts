import { factsOf } from '../../domain/access/access-request.ts';
import type { ChatListRequest, ChatSummary } from '../ports/chat-reader.ts';
import type { ReadDeps } from './read-access.ts';
import { orUnavailable } from './result.ts';

/** A user's own chats; nobody else's can be asked for. Where the policy does not let them read, the last message is left out. */
export const listChats =
  ({ reader, policy, clock }: ReadDeps) =>
  async (request: ChatListRequest): Promise<readonly ChatSummary[]> => {
    const chats = await orUnavailable('STORAGE_UNAVAILABLE', () => reader.chatsOf(request));
    if (chats.length === 0) return chats;
    const { userId } = request;
    const now = clock.now();
    const questions = chats.map(({ kind, settings, member }) => ({
      action: 'history:read' as const,
      facts: factsOf({ kind, settings, roster: new Map([[userId, member]]) }, userId, now),
    }));
    const answers = await orUnavailable('POLICY_UNAVAILABLE', () => policy.decide(questions));
    return chats.map((chat, index) => (answers[index]?.effect === 'permit' ? chat : { ...chat, lastMessage: null }));
  };
