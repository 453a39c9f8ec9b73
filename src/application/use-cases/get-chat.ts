import type { ChatId, UserId } from '../../domain/ids.ts';
import type { ChatView } from '../ports/chat-reader.ts';
import { type ReadAccessDeps, refusalToRead } from './read-access.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

export type GetChatResult = { readonly kind: 'ok'; readonly chat: ChatView } | Refused;

export const getChat =
  (deps: ReadAccessDeps) =>
  async (userId: UserId, chatId: ChatId): Promise<GetChatResult> => {
    const refusal = await refusalToRead(deps, userId, chatId);
    if (refusal !== undefined) return refused(refusal);
    const chat = await orUnavailable('STORAGE_UNAVAILABLE', () => deps.reader.chat(chatId));
    return chat === undefined ? refused(noSuchChat) : { kind: 'ok', chat };
  };
