import type { MessageView } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';
import { type ChatId, micros, type Rev, rev, type Seq, seq } from '../../domain/ids.ts';
import type { Row } from './client.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { changeColumns, changeOfRow, isPost, messageColumns, postOfRow, type StoredChange } from './entry-row.ts';
import { viewColumns, viewOfRow } from './message-row.ts';

export type Head = OpenBucket & { readonly nextSeq: Seq; readonly nextRev: Rev };

const inLog = 'WHERE chat_id = ? AND bucket = ?';
export const headColumns = 'next_seq, next_rev, first_seq, first_rev, started_at';
const bucketColumns = 'bucket, first_seq, first_rev, started_at';
/** Buckets fetched at once when walking back: most positions lie in the newest few. */
const bucketsPerStep = [8, 100, 1_000];

const aboveAll = 2 ** 31 - 1;

/** What is stored of a chat's log, bucket by bucket, as rows turned into values. Nothing here is cached. */
export class ChatLog {
  readonly #data: DataAccess;

  constructor(data: DataAccess) {
    this.#data = data;
  }

  async head(chatId: ChatId, bucket: number): Promise<Head | undefined> {
    const row = await this.#data.row(`SELECT DISTINCT chat_id, bucket, ${headColumns} FROM messages ${inLog}`, [
      chatId,
      bucket,
    ]);
    return row && headOf(row, bucket);
  }

  /** A bucket's head and its newest messages, oldest first, in one read. */
  async newest(
    chatId: ChatId,
    bucket: number,
    limit: number,
  ): Promise<{ head: Head; messages: MessageView[] } | undefined> {
    const query = `SELECT ${viewColumns}, ${headColumns} FROM messages ${inLog} LIMIT ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, limit]);
    if (rows.length === 0) return undefined;
    const messages = rows.filter(isPost).map((row) => viewOfRow(chatId, row));
    return { head: headOf(rows[0]!, bucket), messages: messages.reverse() };
  }

  /** Messages low … high of one bucket as they are now, oldest first. */
  async messages(chatId: ChatId, bucket: number, low: number, high: number): Promise<MessageView[]> {
    const query = `SELECT ${viewColumns} FROM messages ${inLog} AND seq >= ? AND seq <= ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, low, high]);
    return rows
      .filter(isPost)
      .map((row) => viewOfRow(chatId, row))
      .reverse();
  }

  async post(chatId: ChatId, bucket: number, at: Seq): Promise<MessagePosted | undefined> {
    const row = await this.#data.row(`SELECT ${messageColumns} FROM messages ${inLog} AND seq = ?`, [
      chatId,
      bucket,
      at,
    ]);
    return row !== undefined && isPost(row) ? postOfRow(chatId, row) : undefined;
  }

  /** Posts above a seq of one bucket, oldest first. */
  async postsAfter(chatId: ChatId, bucket: number, after: Seq, limit: number): Promise<MessagePosted[]> {
    const query = `SELECT ${messageColumns} FROM messages ${inLog} AND seq > ? ORDER BY seq ASC LIMIT ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, after, limit]);
    return rows.filter(isPost).map((row) => postOfRow(chatId, row));
  }

  async change(chatId: ChatId, bucket: number, at: Rev): Promise<StoredChange | undefined> {
    const row = await this.#data.row(`SELECT ${changeColumns} FROM changes ${inLog} AND rev = ?`, [chatId, bucket, at]);
    return row && changeOfRow(chatId, row);
  }

  /** Changes above a rev of one bucket, oldest first. */
  async changesAfter(chatId: ChatId, bucket: number, after: Rev, limit: number): Promise<StoredChange[]> {
    const query = `SELECT ${changeColumns} FROM changes ${inLog} AND rev > ? ORDER BY rev ASC LIMIT ?`;
    return (await this.#data.rows(query, [chatId, bucket, after, limit])).map((row) => changeOfRow(chatId, row));
  }

  /** When some messages of one bucket were posted, in the order of their seqs. */
  async postTimes(chatId: ChatId, bucket: number, seqs: readonly number[]): Promise<{ seq: number; at: number }[]> {
    const rows = await this.#data.rows(`SELECT seq, at FROM messages ${inLog} AND seq IN ?`, [chatId, bucket, seqs]);
    const posts = rows.filter((row) => row.at !== null);
    return posts.map((row) => ({ seq: numberOf(row.seq), at: numberOf(row.at) })).sort((a, b) => a.seq - b.seq);
  }

  /** From a number on, in the order of their numbers. */
  async bucketsFrom(chatId: ChatId, first: number, limit: number): Promise<OpenBucket[]> {
    const query = `SELECT ${bucketColumns} FROM chat_buckets WHERE chat_id = ? AND bucket >= ? ORDER BY bucket ASC LIMIT ?`;
    return (await this.#data.rows(query, [chatId, first, limit])).map((row) => bucketOf(row, row.bucket));
  }

  /** Buckets from the newest backwards, down to and including the first one that `isLast`. */
  async bucketsBack(chatId: ChatId, isLast: (bucket: OpenBucket) => boolean): Promise<OpenBucket[]> {
    const buckets: OpenBucket[] = [];
    for (let step = 0; ; step++) {
      const limit = bucketsPerStep[Math.min(step, bucketsPerStep.length - 1)]!;
      const found = await this.bucketsBelow(chatId, buckets.at(-1)?.bucket ?? aboveAll, limit);
      for (const bucket of found) {
        buckets.push(bucket);
        if (isLast(bucket)) return buckets;
      }
      if (found.length < limit) return buckets;
    }
  }

  /** Of those that begin at or before a seq only the newest can hold it. Undefined when it is not kept any more. */
  async bucketOf(chatId: ChatId, at: Seq): Promise<number | undefined> {
    const last = (await this.bucketsBack(chatId, ({ firstSeq }) => firstSeq <= at)).at(-1);
    return last !== undefined && last.firstSeq <= at ? last.bucket : undefined;
  }

  /** Below a number, newest first. */
  async bucketsBelow(chatId: ChatId, below: number, limit: number): Promise<OpenBucket[]> {
    const query = `SELECT ${bucketColumns} FROM chat_buckets WHERE chat_id = ? AND bucket < ? LIMIT ?`;
    return (await this.#data.rows(query, [chatId, below, limit])).map((row) => bucketOf(row, row.bucket));
  }
}

const bucketOf = (row: Row, bucket: number): OpenBucket => ({
  bucket,
  firstSeq: seq(numberOf(row.first_seq)),
  firstRev: rev(numberOf(row.first_rev)),
  startedAt: micros(numberOf(row.started_at)),
});

export const headOf = (row: Row, bucket: number): Head => ({
  ...bucketOf(row, bucket),
  nextSeq: seq(numberOf(row.next_seq)),
  nextRev: rev(numberOf(row.next_rev)),
});
