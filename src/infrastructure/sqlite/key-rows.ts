import type { DatabaseSync } from 'node:sqlite';
import type { EntryKey, KeyBlock } from '../../application/ports/chat-store.ts';
import { blockStart, keysPerBlock } from '../../application/turn/key-log.ts';
import { type ChatId, type Micros, type Rev, rev } from '../../domain/ids.ts';
import { blockStarts, filledUp, rebuiltBlock } from '../store-kit/key-blocks.ts';
import type { ChatRow } from './chat-rows.ts';
import { keyOf } from './entry-rows.ts';

/** The keys of past commands, for one writer. */
export const keyRows = (database: DatabaseSync) => {
  const selectBlock = database.prepare('SELECT keys FROM entry_keys WHERE chat_id = ? AND first_rev = ?');
  const selectBucketAt = database.prepare(
    'SELECT first_rev FROM chat_buckets WHERE chat_id = ? AND started_at <= ? ORDER BY bucket DESC LIMIT 1',
  );
  const countChanges = database.prepare(
    'SELECT count(*) AS count FROM changes WHERE chat_id = ? AND rev >= ? AND rev < ?',
  );
  // Messages are found by seq alone: an index by rev would be one more write for each of them.
  const selectKeys = database.prepare(
    `SELECT rev, seq, sender_id, client_message_id FROM messages
       WHERE chat_id = :chat AND seq BETWEEN :lowSeq AND :highSeq AND rev BETWEEN :first AND :last
     UNION ALL SELECT rev, NULL, sender_id, client_message_id FROM changes
       WHERE chat_id = :chat AND rev BETWEEN :first AND :last
     ORDER BY rev`,
  );

  const between = (chat: ChatId, first: Rev, end: Rev, lowSeq: number, highSeq: number): EntryKey[] =>
    filledUp(selectKeys.all({ chat, first, last: end - 1, lowSeq, highSeq }).map(keyOf), first, end);

  /** A post's seq is the first that is kept, and one more for each entry since that is a post. */
  const rebuilt = (chatId: ChatId, { first_seq, first_rev }: ChatRow, firstRev: Rev): Uint8Array => {
    const { count } = countChanges.get(chatId, first_rev, firstRev) as { count: number };
    const lowSeq = first_seq + (firstRev - first_rev) - count;
    return rebuiltBlock(between(chatId, firstRev, rev(firstRev + keysPerBlock), lowSeq, lowSeq + keysPerBlock - 1));
  };
  const block = (chatId: ChatId, chat: ChatRow, firstRev: Rev): Uint8Array => {
    const row = selectBlock.get(chatId, firstRev) as { keys: Uint8Array } | undefined;
    return row?.keys ?? rebuilt(chatId, chat, firstRev);
  };

  return {
    /** Of the entries after the last complete block, oldest first. */
    recent: (chatId: ChatId, { next_seq, next_rev }: ChatRow): EntryKey[] => {
      const first = blockStart(next_rev);
      return between(chatId, first, next_rev, next_seq - (next_rev - first), next_seq - 1);
    },
    /** Down to the oldest bucket that was still open at `since`. */
    blocks: (chatId: ChatId, chat: ChatRow, before: Rev, since: Micros, maxEntries: number): KeyBlock[] => {
      const row = selectBucketAt.get(chatId, since) as { first_rev: Rev } | undefined;
      return blockStarts(before, row?.first_rev ?? chat.first_rev, maxEntries).map((firstRev) => ({
        firstRev,
        blob: block(chatId, chat, firstRev),
      }));
    },
  };
};
