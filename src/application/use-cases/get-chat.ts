import type { ChatView } from '../ports/chat-reader.ts';
import { type ReadDeps, type ReadRequest, readAccess } from './read-access.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

export type GetChatResult = { readonly kind: 'ok'; readonly chat: ChatView } | Refused;

export const getChat =
  (deps: ReadDeps) =>
  async (request: ReadRequest): Promise<GetChatResult> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    const chat = await orUnavailable('STORAGE_UNAVAILABLE', () => deps.reader.chat(request.chatId));
    return chat === undefined ? refused(noSuchChat) : { kind: 'ok', chat };
  };
