import { type ChatId, rev, seq, type UserId } from '../../domain/ids.ts';
import type { CataloguePosition, ChatCatalogue } from '../ports/chat-catalogue.ts';
import type { ChatReader } from '../ports/chat-reader.ts';
import type { PersonalStore } from '../ports/personal-store.ts';
import type { TransferLine } from './transfer-line.ts';

export type ExportDeps = {
  readonly reader: ChatReader;
  readonly personal: Pick<PersonalStore, 'profiles'>;
  readonly catalogue: ChatCatalogue;
};

const chatsPerPage = 500;
const entriesPerPage = 500;

/** All chats after a place in the catalogue, or only the one that is named. Reads page by page: memory does not grow with the history.
 *  A chat that changes meanwhile is exported as of some moment of it. */
export async function* exportChats(
  deps: ExportDeps,
  { only, after }: { readonly only?: ChatId | undefined; readonly after?: CataloguePosition | undefined } = {},
): AsyncGenerator<TransferLine> {
  if (only !== undefined) return yield* exportChat(deps, only, '');
  for (let last = after; ; ) {
    const chats = await deps.catalogue.chats(last, chatsPerPage);
    if (chats.length === 0) return;
    for (const { chatId, position } of chats) yield* exportChat(deps, chatId, position);
    last = chats.at(-1)!.position;
  }
}

async function* exportChat(
  { reader, personal }: ExportDeps,
  chatId: ChatId,
  position: CataloguePosition,
): AsyncGenerator<TransferLine> {
  const chat = await reader.chat(chatId);
  // A home without a chat: its creation was refused.
  if (chat === undefined) return;
  let complete = chat.firstRev === 1;
  for (let since = { rev: rev(0), seq: seq(0) }; complete; ) {
    const page = await reader.changes(chatId, since, entriesPerPage);
    // Trimmed since it was looked at.
    if (page === undefined || page === 'gone') complete = false;
    else {
      for (const entry of page.entries) yield { kind: 'entry', entry };
      since = page.next;
      if (!page.hasMore) break;
    }
  }
  const users = chat.members.map(({ userId }) => userId);
  if (complete) {
    for (const userId of users) {
      const marker = await reader.readMarker(chatId, userId);
      if (marker.readSeq > 0 || marker.unreadFrom !== null) yield { kind: 'read', chatId, userId, marker };
    }
    yield* profilesOf(personal, users);
  }
  yield { kind: 'done', chatId, position, complete };
}

async function* profilesOf(
  personal: Pick<PersonalStore, 'profiles'>,
  users: readonly UserId[],
): AsyncGenerator<TransferLine> {
  for (let start = 0; start < users.length; start += chatsPerPage)
    for (const profile of await personal.profiles(users.slice(start, start + chatsPerPage)))
      yield { kind: 'profile', profile };
}
