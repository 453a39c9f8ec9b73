import type { DatabaseSync } from 'node:sqlite';
import type { BucketIntegrity, ChangePage, LogPosition } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { Position } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type ChatId, micros, rev, seq } from '../../domain/ids.ts';
import { bucketIntegrity } from '../store-kit/bucket-integrity.ts';
import { logPageOf } from '../store-kit/log-page.ts';
import type { ChatRow } from './chat-rows.ts';
import { changeOf, postColumns, postOf, type Row } from './entry-rows.ts';

/** Entries as they were decided. */
export const logRows = (database: DatabaseSync) => {
  const selectPost = database.prepare(`SELECT ${postColumns} FROM messages WHERE chat_id = ? AND seq = ?`);
  const selectChange = database.prepare('SELECT * FROM changes WHERE chat_id = ? AND rev = ?');
  const selectPosts = database.prepare(
    `SELECT ${postColumns} FROM messages WHERE chat_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const selectChanges = database.prepare('SELECT * FROM changes WHERE chat_id = ? AND rev > ? ORDER BY rev LIMIT ?');
  const selectBuckets = database.prepare('SELECT * FROM chat_buckets WHERE chat_id = ? ORDER BY bucket LIMIT ?');
  const selectPostRevs = database.prepare(
    'SELECT seq, rev FROM messages WHERE chat_id = ? AND seq >= ? AND seq < ? ORDER BY seq',
  );
  const selectChangeRevs = database.prepare('SELECT rev FROM changes WHERE chat_id = ? AND rev >= ? AND rev < ?');

  /** Oldest first; -1 is all. */
  const buckets = (chatId: ChatId, limit = -1): OpenBucket[] => selectBuckets.all(chatId, limit).map(bucketOf);

  return {
    entryAt: (chatId: ChatId, position: Position): Entry | undefined => {
      if (position.seq === undefined) {
        const row = selectChange.get(chatId, position.rev);
        return row && changeOf(chatId, row);
      }
      const row = selectPost.get(chatId, position.seq);
      return row?.rev === position.rev ? postOf(chatId, row) : undefined;
    },
    after: (chatId: ChatId, chat: ChatRow, since: LogPosition, limit: number): ChangePage => {
      const posts = selectPosts.all(chatId, since.seq, limit).map((row) => postOf(chatId, row));
      const changes = selectChanges.all(chatId, since.rev, limit).map((row) => changeOf(chatId, row));
      return logPageOf([...posts, ...changes], since, limit, chat.next_rev);
    },
    buckets,
    integrity: (chatId: ChatId, { next_seq, next_rev }: ChatRow): BucketIntegrity[] =>
      bucketIntegrity(buckets(chatId), { nextSeq: next_seq, nextRev: next_rev }, (from, below) => ({
        posts: selectPostRevs.all(chatId, from.firstSeq, below.firstSeq) as unknown as { seq: number; rev: number }[],
        changes: selectChangeRevs.all(chatId, from.firstRev, below.firstRev).map((row) => row.rev as number),
      })),
  };
};

const bucketOf = (row: Row): OpenBucket => ({
  bucket: row.bucket as number,
  firstSeq: seq(row.first_seq as number),
  firstRev: rev(row.first_rev as number),
  startedAt: micros(row.started_at as number),
});
