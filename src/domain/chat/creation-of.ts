import { type Micros, rev } from '../ids.ts';
import type { ChatState } from './chat-state.ts';
import type { Command } from './command.ts';
import type { ChatCreated } from './entry.ts';
import { entryBase, recipientsOf } from './verdict.ts';

/** The creation of a chat whose first entry is not kept any more (retention), told by somebody who asks for that chat again: the chat and
 *  its members as they are now. It answers and is never written; asked again, only its times and its `clientMessageId` differ. */
export const creationOf = (chat: ChatState, command: Command, at: Micros): ChatCreated => ({
  ...entryBase(command, { at }, rev(1), recipientsOf(chat)),
  senderId: chat.creatorId,
  type: 'chat.created',
  kind: chat.kind,
  settings: chat.settings,
  members: Array.from(chat.roster, ([userId, { role }]) => ({ userId, role })),
});
