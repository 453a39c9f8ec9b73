import type { DatabaseSync } from 'node:sqlite';
import type { EntryKey } from '../../application/ports/chat-store.ts';
import { blockStart, keysPerBlock } from '../../application/turn/key-log.ts';
import { type ChatId, type Micros, type Rev, rev } from '../../domain/ids.ts';
import { rebuiltBlock } from '../memory/key-blocks.ts';
import type { ChatRow } from './chat-rows.ts';
import { keyOf } from './entry-rows.ts';

/** The keys of past commands, for one writer. */
export const keyRows = (database: DatabaseSync) => {
  const selectBlock = database.prepare('SELECT keys FROM entry_keys WHERE chat_id = ? AND first_rev = ?');
  const selectBucketAt = database.prepare(
    'SELECT first_rev FROM chat_buckets WHERE chat_id = ? AND started_at <= ? ORDER BY bucket DESC LIMIT 1',
  );
  const countChanges = database.prepare('SELECT count(*) AS count FROM changes WHERE chat_id = ? AND rev < ?');
  // Messages are found by seq alone: an index by rev would be one more write for each of them.
  const selectKeys = database.prepare(
    `SELECT rev, seq, sender_id, client_message_id FROM messages
       WHERE chat_id = :chat AND seq BETWEEN :lowSeq AND :highSeq AND rev BETWEEN :first AND :last
     UNION ALL SELECT rev, NULL, sender_id, client_message_id FROM changes
       WHERE chat_id = :chat AND rev BETWEEN :first AND :last
     ORDER BY rev`,
  );

  const between = (chat: ChatId, first: number, last: number, lowSeq: number, highSeq: number): EntryKey[] =>
    selectKeys.all({ chat, first, last, lowSeq, highSeq }).map(keyOf);

  /** A post's seq is its rev less the number of other entries before it. */
  const rebuilt = (chatId: ChatId, firstRev: Rev): Uint8Array => {
    const { count } = countChanges.get(chatId, firstRev) as { count: number };
    const lowSeq = firstRev - count;
    const width = keysPerBlock - 1;
    return rebuiltBlock(between(chatId, firstRev, firstRev + width, lowSeq, lowSeq + width));
  };

  return {
    /** Of the entries after the last complete block, oldest first. */
    recent: (chatId: ChatId, { next_seq, next_rev }: ChatRow): EntryKey[] => {
      const first = blockStart(rev(next_rev));
      return between(chatId, first, next_rev - 1, next_seq - (next_rev - first), next_seq - 1);
    },
    block: (chatId: ChatId, firstRev: Rev): Uint8Array => {
      const row = selectBlock.get(chatId, firstRev) as { keys: Uint8Array } | undefined;
      return row?.keys ?? rebuilt(chatId, firstRev);
    },
    /** Where the oldest bucket begins that was still open at `since`. */
    firstRevSince: (chatId: ChatId, since: Micros): Rev => {
      const row = selectBucketAt.get(chatId, since) as { first_rev: number } | undefined;
      return rev(row?.first_rev ?? 1);
    },
  };
};
