import type { DatabaseSync } from 'node:sqlite';
import type { Decision, Placement } from '../../application/decision.ts';
import type { Change, Entry } from '../../domain/chat/entry.ts';
import type { ChatId } from '../../domain/ids.ts';
import { changeColumns, changeValues, postColumns, postValues } from './entry-rows.ts';
import { chatProjection } from './project-chat.ts';
import { messageProjection } from './project-messages.ts';

/** Writes decisions, all or none of them, and durably so once it has returned. Writing one again changes nothing: the head has
 *  passed it, and moves in the same transaction. Rejections leave nothing: their event is all there is of them. */
export const projection = (database: DatabaseSync): ((decisions: readonly Decision[]) => void) => {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const addPost = database.prepare(
    `INSERT INTO messages (chat_id, ${postColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addChange = database.prepare(`INSERT INTO changes (${changeColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const moveHead = database.prepare(
    `UPDATE chats SET bucket = ?, next_seq = ?, next_rev = ?, large = ?, last_at = coalesce(?, last_at)
     WHERE chat_id = ? AND next_rev < ?`,
  );
  const addBucket = database.prepare('INSERT INTO chat_buckets VALUES (?, ?, ?, ?, ?)');
  const addKeys = database.prepare('INSERT INTO entry_keys VALUES (?, ?, ?)');
  const chats = chatProjection(database);
  const messages = messageProjection(database);

  /** False when this was written before. */
  const move = (chatId: ChatId, entries: readonly Entry[], placement: Placement): boolean => {
    const [first] = entries;
    if (first?.type === 'chat.created') chats.begin(first);
    const { bucket, nextSeq, nextRev, large } = placement;
    const post = entries.findLast((entry) => entry.type === 'message.posted');
    return moveHead.run(bucket, nextSeq, nextRev, Number(large), post?.at ?? null, chatId, nextRev).changes === 1;
  };
  const addEntry = (entry: Entry): void => {
    if (entry.type === 'message.posted') {
      addPost.run(...postValues(entry));
      return;
    }
    addChange.run(...changeValues(entry));
    apply(entry);
  };
  const apply = (entry: Change): void => {
    switch (entry.type) {
      case 'chat.created':
        chats.created(entry);
        break;
      case 'chat.updated':
        chats.updated(entry);
        break;
      case 'chat.trimmed':
        chats.trimmed(entry);
        break;
      case 'member.added':
        chats.joined(entry);
        break;
      case 'member.removed':
        chats.left(entry.chatId, entry.userId);
        break;
      case 'member.role_set':
        chats.roleSet(entry);
        break;
      case 'member.muted':
        chats.muted(entry);
        break;
      case 'message.edited':
        messages.edited(entry);
        break;
      case 'message.deleted':
        if (entry.scope === 'me') chats.hides(entry.chatId, entry.senderId);
        messages.deleted(entry);
        break;
      case 'message.erased':
        messages.erased(entry);
        break;
      case 'reaction.added':
      case 'reaction.removed':
        messages.reacted(entry);
        break;
    }
  };
  const project = ({ chatId, outcome }: Decision): void => {
    if (outcome.kind === 'rejected') return;
    const { entries, placement } = outcome;
    if (!move(chatId, entries, placement)) return;
    const { bucket, opens, keys } = placement;
    if (opens !== null) addBucket.run(chatId, bucket, opens.firstSeq, opens.firstRev, opens.startedAt);
    if (keys !== null) addKeys.run(chatId, keys.firstRev, Buffer.from(keys.blob, 'base64'));
    for (const entry of entries) addEntry(entry);
  };

  return (decisions) => {
    begin.run();
    try {
      for (const decision of decisions) project(decision);
      commit.run();
    } catch (error) {
      // Some failures, such as a full disk, have rolled it back already.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
};
