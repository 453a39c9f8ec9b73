import type { EntryKey, OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatKind } from '../../domain/chat/command.ts';
import type { Entry, MessagePosted } from '../../domain/chat/entry.ts';
import type { Role } from '../../domain/chat/roster.ts';
import {
  type ChatId,
  clientMessageId,
  micros,
  type Rev,
  rev,
  type Seq,
  seq,
  type UserId,
  userId,
} from '../../domain/ids.ts';
import type { Row } from './client.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { changeColumns, changeOfRow, messageColumns, postOfRow } from './entry-row.ts';

export type Settings = { readonly kind: ChatKind; readonly title: string | null; readonly creatorId: UserId };
export type Head = OpenBucket & { readonly nextSeq: Seq; readonly nextRev: Rev };

const inLog = 'WHERE chat_id = ? AND bucket = ?';
const headColumns = 'next_seq, next_rev, first_seq, first_rev, started_at';
const keyColumns = 'rev, sender_id, client_message_id';
/** Buckets fetched at once when walking back: most positions lie in the newest few. */
const bucketsPerStep = [8, 100, 1_000];

const aboveAll = 2 ** 31 - 1;

/** What is stored of chats, as rows turned into values. Nothing here is cached. */
export class ChatLog {
  readonly #data: DataAccess;

  constructor(data: DataAccess) {
    this.#data = data;
  }

  async settings(chatId: ChatId): Promise<(Settings & { readonly currentBucket: number }) | undefined> {
    const row = await this.#data.row('SELECT DISTINCT chat_id, settings, current_bucket FROM chats WHERE chat_id = ?', [
      chatId,
    ]);
    return row?.settings ? { ...parseSettings(row.settings), currentBucket: row.current_bucket ?? 0 } : undefined;
  }

  /** The creator first, then in the order of ids. */
  async roster(chatId: ChatId, creatorId: Promise<UserId | undefined>): Promise<Map<UserId, Role>> {
    const rows = this.#data.rows('SELECT user_id, role FROM chats WHERE chat_id = ?', [chatId]);
    const [first, members] = await Promise.all([creatorId, rows]);
    const roster = new Map<UserId, Role>();
    const creator = members.find((row) => row.user_id === first);
    if (creator !== undefined) roster.set(userId(creator.user_id), creator.role);
    for (const row of members) if (row.role !== null && row !== creator) roster.set(userId(row.user_id), row.role);
    return roster;
  }

  async standing(chatId: ChatId, id: UserId): Promise<{ settings: Settings; role: Role | undefined } | undefined> {
    const row = await this.#data.row('SELECT settings, role FROM chats WHERE chat_id = ? AND user_id = ?', [
      chatId,
      id,
    ]);
    if (row?.settings) return { settings: parseSettings(row.settings), role: row.role ?? undefined };
    // A row that is not there brings no statics along: a stranger, or no chat at all.
    const settings = await this.settings(chatId);
    return settings && { settings, role: undefined };
  }

  async head(chatId: ChatId, bucket: number): Promise<Head | undefined> {
    const row = await this.#data.row(`SELECT DISTINCT chat_id, bucket, ${headColumns} FROM messages ${inLog}`, [
      chatId,
      bucket,
    ]);
    return row && headOf(row, bucket);
  }

  /** A bucket's head and its newest posts, oldest first, in one read. */
  async newest(
    chatId: ChatId,
    bucket: number,
    limit: number,
  ): Promise<{ head: Head; posts: MessagePosted[] } | undefined> {
    const query = `SELECT ${messageColumns}, ${headColumns} FROM messages ${inLog} LIMIT ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, limit]);
    if (rows.length === 0) return undefined;
    return {
      head: headOf(rows[0]!, bucket),
      posts: rows
        .filter(isRow)
        .map((row) => postOfRow(chatId, row))
        .reverse(),
    };
  }

  /** Posts low … high of one bucket, oldest first. */
  async posts(chatId: ChatId, bucket: number, low: number, high: number): Promise<MessagePosted[]> {
    const query = `SELECT ${messageColumns} FROM messages ${inLog} AND seq >= ? AND seq <= ?`;
    return (await this.#data.rows(query, [chatId, bucket, low, high])).map((row) => postOfRow(chatId, row)).reverse();
  }

  async change(chatId: ChatId, bucket: number, at: Rev): Promise<Entry | undefined> {
    const row = await this.#data.row(`SELECT ${changeColumns} FROM changes ${inLog} AND rev = ?`, [chatId, bucket, at]);
    return row && changeOfRow(chatId, row);
  }

  /** Buckets from the newest backwards, down to and including the first one that `isLast`. */
  async bucketsBack(chatId: ChatId, isLast: (bucket: OpenBucket) => boolean): Promise<OpenBucket[]> {
    const buckets: OpenBucket[] = [];
    for (let step = 0; ; step++) {
      const below = buckets.at(-1)?.bucket ?? aboveAll;
      const limit = bucketsPerStep[Math.min(step, bucketsPerStep.length - 1)]!;
      const query = `SELECT bucket, first_seq, first_rev, started_at FROM chat_buckets WHERE chat_id = ? AND bucket < ? LIMIT ?`;
      const rows = await this.#data.rows(query, [chatId, below, limit]);
      for (const row of rows) {
        const bucket = bucketOf(row, row.bucket);
        buckets.push(bucket);
        if (isLast(bucket)) return buckets;
      }
      if (rows.length < limit) return buckets;
    }
  }

  /** Keys of the newest entries of a bucket, at most `limit` of each kind, in no order. */
  async newestKeys(chatId: ChatId, bucket: number, limit: number): Promise<EntryKey[]> {
    const [posts, changes] = await Promise.all([
      this.#data.rows(`SELECT seq, ${keyColumns} FROM messages ${inLog} LIMIT ?`, [chatId, bucket, limit]),
      this.#data.rows(`SELECT ${keyColumns} FROM changes ${inLog} ORDER BY rev DESC LIMIT ?`, [chatId, bucket, limit]),
    ]);
    return [...posts.filter(isRow), ...changes].map(keyOf);
  }

  /** Keys of entries from … to that lie in one bucket, in no order. */
  async keysInBucket(chatId: ChatId, bucket: OpenBucket, from: number, to: number): Promise<EntryKey[]> {
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
    return [...changes, ...posts].map(keyOf).filter(wanted);
  }

  async keyBlobs(chatId: ChatId, bucket: number, from: Rev, to: Rev): Promise<{ firstRev: Rev; blob: Uint8Array }[]> {
    const query = `SELECT first_rev, keys FROM entry_keys ${inLog} AND first_rev >= ? AND first_rev <= ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, from, to]);
    return rows.map((row) => ({ firstRev: rev(numberOf(row.first_rev)), blob: row.get('keys') }));
  }
}

/** A partition with statics and no rows answers with one row of nothing but statics. */
const isRow = (row: Row): boolean => row.seq !== null;

const parseSettings = (text: string): Settings => {
  const { kind, title, creatorId } = JSON.parse(text);
  return { kind, title, creatorId };
};

const bucketOf = (row: Row, bucket: number): OpenBucket => ({
  bucket,
  firstSeq: seq(numberOf(row.first_seq)),
  firstRev: rev(numberOf(row.first_rev)),
  startedAt: micros(numberOf(row.started_at)),
});

const headOf = (row: Row, bucket: number): Head => ({
  ...bucketOf(row, bucket),
  nextSeq: seq(numberOf(row.next_seq)),
  nextRev: rev(numberOf(row.next_rev)),
});

const keyOf = (row: Row): EntryKey => ({
  rev: rev(numberOf(row.rev)),
  seq: row.seq == null ? undefined : seq(numberOf(row.seq)),
  senderId: userId(row.sender_id),
  clientMessageId: clientMessageId(row.client_message_id),
});
