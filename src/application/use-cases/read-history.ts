import type { UserId } from '../../domain/ids.ts';
import type { MessagePage, PageRequest } from '../ports/chat-reader.ts';
import { type ReadAccessDeps, refusalToRead } from './read-access.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

export type ReadHistoryResult = { readonly kind: 'ok'; readonly page: MessagePage } | Refused;

/** One page of a chat's messages. No right is an error, never an empty page. */
export const readHistory =
  (deps: ReadAccessDeps) =>
  async (userId: UserId, request: PageRequest): Promise<ReadHistoryResult> => {
    const refusal = await refusalToRead(deps, userId, request.chatId);
    if (refusal !== undefined) return refused(refusal);
    const page = await orUnavailable('STORAGE_UNAVAILABLE', () => deps.reader.page(request));
    return page === undefined ? refused(noSuchChat) : { kind: 'ok', page };
  };
