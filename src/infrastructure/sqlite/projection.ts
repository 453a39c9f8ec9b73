import type { DatabaseSync } from 'node:sqlite';
import type { Decision, Placement } from '../../application/decision.ts';
import type { ChatCreated, Entry } from '../../domain/chat/entry.ts';
import type { ChatId } from '../../domain/ids.ts';
import { changeValues, postColumns, postValues } from './entry-rows.ts';

/** Writes decisions, all or none of them, and durably so once it has returned. Writing one again changes nothing.
 *  Rejections leave nothing: their event is all there is of them. */
export const projection = (database: DatabaseSync): ((decisions: readonly Decision[]) => void) => {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const addPost = database.prepare(
    `INSERT OR REPLACE INTO messages (chat_id, ${postColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addChange = database.prepare('INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const addChat = database.prepare(
    'INSERT INTO chats (chat_id, kind, title, creator_id, bucket, next_seq, next_rev) VALUES (?, ?, ?, ?, 0, 1, 1) ON CONFLICT DO NOTHING',
  );
  const addMembers = database.prepare(
    "INSERT INTO members (chat_id, user_id, role) SELECT ?, value ->> 'userId', value ->> 'role' FROM json_each(?)",
  );
  const moveHead = database.prepare(
    'UPDATE chats SET bucket = ?, next_seq = ?, next_rev = ? WHERE chat_id = ? AND next_rev < ?',
  );
  const addBucket = database.prepare('INSERT OR REPLACE INTO chat_buckets VALUES (?, ?, ?, ?, ?)');
  const addKeys = database.prepare('INSERT OR REPLACE INTO entry_keys VALUES (?, ?, ?)');

  const createChat = (entry: ChatCreated): void => {
    const { changes } = addChat.run(entry.chatId, entry.kind, entry.title, entry.senderId);
    if (changes === 1) addMembers.run(entry.chatId, JSON.stringify(entry.members));
  };
  const addEntry = (entry: Entry): void => {
    if (entry.type === 'message.posted') {
      addPost.run(...postValues(entry));
      return;
    }
    addChange.run(...changeValues(entry));
    createChat(entry);
  };
  const place = (chatId: ChatId, { bucket, nextSeq, nextRev, opens, keys }: Placement): void => {
    moveHead.run(bucket, nextSeq, nextRev, chatId, nextRev);
    if (opens !== null) addBucket.run(chatId, bucket, opens.firstSeq, opens.firstRev, opens.startedAt);
    if (keys !== null) addKeys.run(chatId, keys.firstRev, Buffer.from(keys.blob, 'base64'));
  };

  return (decisions) => {
    begin.run();
    try {
      for (const { chatId, outcome } of decisions) {
        if (outcome.kind === 'rejected') continue;
        for (const entry of outcome.entries) addEntry(entry);
        place(chatId, outcome.placement);
      }
      commit.run();
    } catch (error) {
      // Some failures, such as a full disk, have rolled it back already.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
};
