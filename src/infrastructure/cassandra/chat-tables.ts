import { ChatEntries } from './chat-entries.ts';
import { ChatLog } from './chat-log.ts';
import { ChatRoster } from './chat-roster.ts';
import type { DataAccess } from './data-access.ts';
import { KeyRows } from './key-rows.ts';
import { MessageAnnex } from './message-annex.ts';

/** Everything that is read of chats, for their writer and for their readers. */
export type ChatTables = {
  readonly log: ChatLog;
  readonly roster: ChatRoster;
  readonly annex: MessageAnnex;
  readonly keys: KeyRows;
  readonly entries: ChatEntries;
};

export const chatTables = (data: DataAccess): ChatTables => {
  const log = new ChatLog(data);
  const roster = new ChatRoster(data);
  const annex = new MessageAnnex(data, log, roster);
  const keys = new KeyRows(data);
  return { log, roster, annex, keys, entries: new ChatEntries(log, keys, annex) };
};
