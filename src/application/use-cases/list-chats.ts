import type { ChatListRequest, ChatReader, ChatSummary } from '../ports/chat-reader.ts';
import { orUnavailable } from './result.ts';

/** A user's own chats; nobody else's can be asked for. */
export const listChats =
  ({ reader }: { readonly reader: ChatReader }) =>
  (request: ChatListRequest): Promise<readonly ChatSummary[]> =>
    orUnavailable('STORAGE_UNAVAILABLE', () => reader.chatsOf(request));
