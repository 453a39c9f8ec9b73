import type { DatabaseSync } from 'node:sqlite';
import { keysPerBlock } from '../../application/turn/key-log.ts';
import type {
  ChatCreated,
  ChatTrimmed,
  ChatUpdated,
  MemberAdded,
  MemberMuted,
  RoleSet,
} from '../../domain/chat/entry.ts';
import { mayHide } from '../../domain/chat/roster.ts';
import type { ChatId, Seq, UserId } from '../../domain/ids.ts';
import { erasedEntry } from '../store-kit/erased-entry.ts';
import { changeOf, contentOf } from './entry-rows.ts';

/** Settings, memberships, and what is dropped. */
export const chatProjection = (database: DatabaseSync) => {
  const addChat = database.prepare(
    `INSERT INTO chats (chat_id, kind, settings, creator_id, bucket, next_seq, next_rev) VALUES (?, ?, ?, ?, 0, 1, 1)
     ON CONFLICT DO NOTHING`,
  );
  const addMembers = database.prepare(
    `INSERT INTO members (chat_id, user_id, role, joined_at)
     SELECT ?, value ->> 'userId', value ->> 'role', ? FROM json_each(?)`,
  );
  const addFoundersEver = database.prepare(
    "INSERT OR IGNORE INTO chats_ever_by_user SELECT value ->> 'userId', ? FROM json_each(?)",
  );
  const addEver = database.prepare('INSERT OR IGNORE INTO chats_ever_by_user VALUES (?, ?)');
  const setSettings = database.prepare('UPDATE chats SET settings = ? WHERE chat_id = ?');
  const addMember = database.prepare(
    'INSERT INTO members (chat_id, user_id, role, from_seq, from_rev, hides, joined_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const removeMember = database.prepare('DELETE FROM members WHERE chat_id = ? AND user_id = ?');
  const setRole = database.prepare('UPDATE members SET role = ? WHERE chat_id = ? AND user_id = ?');
  const setMuted = database.prepare('UPDATE members SET muted_until = ? WHERE chat_id = ? AND user_id = ?');
  const setHides = database.prepare('UPDATE members SET hides = 1 WHERE chat_id = ? AND user_id = ?');
  const setFirst = database.prepare('UPDATE chats SET first_seq = ?, first_rev = ? WHERE chat_id = ?');
  const bySeq = ['messages', 'reactions', 'hidden_messages', 'removed_messages'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE chat_id = ? AND seq < ?`),
  );
  const dropChanges = database.prepare('DELETE FROM changes WHERE chat_id = ? AND rev < ?');
  const selectBelow = database.prepare(
    'SELECT * FROM changes WHERE chat_id = :chat AND seq < :end AND seq >= (SELECT first_seq FROM chats WHERE chat_id = :chat)',
  );
  const setContent = database.prepare('UPDATE changes SET content = ? WHERE chat_id = ? AND rev = ?');
  const dropKeys = database.prepare(`DELETE FROM entry_keys WHERE chat_id = ? AND first_rev + ${keysPerBlock} <= ?`);
  const dropBuckets = database.prepare('DELETE FROM chat_buckets WHERE chat_id = ? AND bucket < ?');

  /** Entries that are kept about messages that are not: their text goes with the message. */
  const blankBelow = (chatId: ChatId, end: Seq): void => {
    for (const row of selectBelow.all({ chat: chatId, end })) {
      const entry = erasedEntry(changeOf(chatId, row));
      setContent.run(contentOf(entry), chatId, entry.rev);
    }
  };

  return {
    /** The row that its head moves in. Nothing when it is there. */
    begin: ({ chatId, kind, settings, senderId }: ChatCreated): void => {
      addChat.run(chatId, kind, JSON.stringify(settings), senderId);
    },
    created: ({ chatId, members, at }: ChatCreated): void => {
      addMembers.run(chatId, at, JSON.stringify(members));
      addFoundersEver.run(chatId, JSON.stringify(members));
    },
    updated: ({ chatId, settings }: ChatUpdated): void => {
      setSettings.run(JSON.stringify(settings), chatId);
    },
    joined: (entry: MemberAdded): void => {
      const { chatId, userId, role, fromSeq, fromRev, at } = entry;
      addMember.run(chatId, userId, role, fromSeq, fromRev, Number(mayHide(entry)), at);
      addEver.run(userId, chatId);
    },
    left: (chatId: ChatId, userId: UserId): void => {
      removeMember.run(chatId, userId);
    },
    roleSet: ({ chatId, userId, role }: RoleSet): void => {
      setRole.run(role, chatId, userId);
    },
    muted: ({ chatId, userId, until }: MemberMuted): void => {
      setMuted.run(until, chatId, userId);
    },
    hides: (chatId: ChatId, userId: UserId): void => {
      setHides.run(chatId, userId);
    },
    trimmed: ({ chatId, bucket, firstSeq, firstRev }: ChatTrimmed): void => {
      dropChanges.run(chatId, firstRev);
      blankBelow(chatId, firstSeq);
      setFirst.run(firstSeq, firstRev, chatId);
      for (const drop of bySeq) drop.run(chatId, firstSeq);
      dropKeys.run(chatId, firstRev);
      dropBuckets.run(chatId, bucket);
    },
  };
};
