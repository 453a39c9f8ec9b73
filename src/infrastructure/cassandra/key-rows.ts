import type { EntryKey, OpenBucket } from '../../application/ports/chat-store.ts';
import { type ChatId, clientMessageId, type Rev, rev, seq, userId } from '../../domain/ids.ts';
import { type Head, headColumns, headOf } from './chat-log.ts';
import type { Row } from './client.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { isPost } from './entry-row.ts';

const inLog = 'WHERE chat_id = ? AND bucket = ?';
const keyColumns = 'rev, sender_id, client_message_id';

/** Who sent what, and where it is: read from the rows of posts and changes, and from the blocks of packed keys. */
export class KeyRows {
  readonly #data: DataAccess;

  constructor(data: DataAccess) {
    this.#data = data;
  }

  /** A bucket's head and the keys of its newest posts, newest first, in one read. */
  async newestPosts(
    chatId: ChatId,
    bucket: number,
    limit: number,
  ): Promise<{ head: Head; posts: EntryKey[] } | undefined> {
    const query = `SELECT seq, ${keyColumns}, ${headColumns} FROM messages ${inLog} LIMIT ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, limit]);
    return rows.length === 0 ? undefined : { head: headOf(rows[0]!, bucket), posts: rows.filter(isPost).map(keyOf) };
  }

  async changesFrom(chatId: ChatId, bucket: number, from: Rev): Promise<EntryKey[]> {
    const query = `SELECT ${keyColumns} FROM changes ${inLog} AND rev >= ?`;
    return (await this.#data.rows(query, [chatId, bucket, from])).map(keyOf);
  }

  /** Of entries from … to that lie in one bucket, in no order. */
  async between(chatId: ChatId, bucket: OpenBucket, from: number, to: number): Promise<EntryKey[]> {
    const changes = await this.#data.rows(`SELECT ${keyColumns} FROM changes ${inLog} AND rev <= ?`, [
      chatId,
      bucket.bucket,
      to,
    ]);
    const first = Math.max(from, bucket.firstRev);
    // Every entry is a post or a change, so the number of changes before a rev tells the seq there.
    const changesBefore = changes.filter((row) => numberOf(row.rev) < first).length;
    const low = bucket.firstSeq + (first - bucket.firstRev) - changesBefore;
    const high = low + (to - first) - (changes.length - changesBefore);
    const query = `SELECT seq, ${keyColumns} FROM messages ${inLog} AND seq >= ? AND seq <= ?`;
    const posts = await this.#data.rows(query, [chatId, bucket.bucket, low, high]);
    const wanted = (key: EntryKey) => key.rev >= from && key.rev <= to;
    return [...changes, ...posts.filter(isPost)].map(keyOf).filter(wanted);
  }

  /** Positions of everything in one bucket: a read of whole partitions. */
  async positions(
    chatId: ChatId,
    bucket: number,
  ): Promise<{ posts: { seq: number; rev: number }[]; changes: number[] }> {
    const [posts, changes] = await Promise.all([
      this.#data.rows(`SELECT seq, rev FROM messages ${inLog}`, [chatId, bucket]),
      this.#data.rows(`SELECT rev FROM changes ${inLog}`, [chatId, bucket]),
    ]);
    return {
      posts: posts.filter(isPost).map((row) => ({ seq: numberOf(row.seq), rev: numberOf(row.rev) })),
      changes: changes.map((row) => numberOf(row.rev)),
    };
  }

  async blobs(chatId: ChatId, bucket: number, from: Rev, to: Rev): Promise<{ firstRev: Rev; blob: Uint8Array }[]> {
    const query = `SELECT first_rev, keys FROM entry_keys ${inLog} AND first_rev >= ? AND first_rev <= ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, from, to]);
    return rows.map((row) => ({ firstRev: rev(numberOf(row.first_rev)), blob: row.get('keys') }));
  }
}

const keyOf = (row: Row): EntryKey => ({
  rev: rev(numberOf(row.rev)),
  seq: row.seq == null ? undefined : seq(numberOf(row.seq)),
  senderId: userId(row.sender_id),
  clientMessageId: clientMessageId(row.client_message_id),
});
