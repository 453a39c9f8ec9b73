import type { DatabaseSync } from 'node:sqlite';
import type { MessageDeleted, MessageEdited, MessagesErased, ReactionChanged } from '../../domain/chat/entry.ts';
import type { ChatId, Seq } from '../../domain/ids.ts';
import { erasedEntry } from '../store-kit/erased-entry.ts';
import { changeOf, contentOf } from './entry-rows.ts';

/** What becomes of a message after its post. */
export const messageProjection = (database: DatabaseSync) => {
  const setEdited = database.prepare('UPDATE messages SET edited = ?, changed_rev = ? WHERE chat_id = ? AND seq = ?');
  const setRemoved = database.prepare('UPDATE messages SET removed = ?, changed_rev = ? WHERE chat_id = ? AND seq = ?');
  const setCounts = database.prepare(
    'UPDATE messages SET reactions = ?, changed_rev = ? WHERE chat_id = ? AND seq = ?',
  );
  const setReactions = database.prepare('INSERT OR REPLACE INTO reactions VALUES (?, ?, ?, ?)');
  const dropReactions = database.prepare('DELETE FROM reactions WHERE chat_id = ? AND seq = ? AND user_id = ?');
  const hide = database.prepare('INSERT OR IGNORE INTO hidden_messages VALUES (?, ?, ?)');
  const remove = database.prepare('INSERT OR IGNORE INTO removed_messages VALUES (?, ?)');
  const blank = database.prepare(
    `UPDATE messages SET body = '', extras = NULL, edited = iif(edited IS NULL, NULL, json_set(edited, '$.body', ''))
     WHERE chat_id = ? AND seq = ?`,
  );
  const selectChanges = database.prepare('SELECT * FROM changes WHERE chat_id = ? AND seq = ?');
  const setContent = database.prepare('UPDATE changes SET content = ? WHERE chat_id = ? AND rev = ?');

  const erase = (chatId: ChatId, seq: Seq): void => {
    blank.run(chatId, seq);
    for (const row of selectChanges.all(chatId, seq)) {
      const entry = erasedEntry(changeOf(chatId, row));
      setContent.run(contentOf(entry), chatId, entry.rev);
    }
  };

  return {
    edited: ({ chatId, seq, rev, body, version, at }: MessageEdited): void => {
      setEdited.run(JSON.stringify({ body, version, at }), rev, chatId, seq);
    },
    deleted: ({ chatId, seq, rev, scope, senderId }: MessageDeleted): void => {
      if (scope === 'me') {
        hide.run(chatId, senderId, seq);
        return;
      }
      setRemoved.run('deleted', rev, chatId, seq);
      remove.run(chatId, seq);
    },
    erased: ({ chatId, seqs, rev }: MessagesErased): void => {
      for (const seq of seqs) {
        setRemoved.run('erased', rev, chatId, seq);
        remove.run(chatId, seq);
        erase(chatId, seq);
      }
    },
    reacted: ({ chatId, seq, rev, senderId, own, counts }: ReactionChanged): void => {
      setCounts.run(JSON.stringify(counts), rev, chatId, seq);
      if (own.length > 0) setReactions.run(chatId, seq, senderId, JSON.stringify(own));
      else dropReactions.run(chatId, seq, senderId);
    },
  };
};
