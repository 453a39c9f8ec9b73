import type { MessageVersion } from '../../application/ports/chat-reader.ts';
import type { Change, Extras } from '../../domain/chat/entry.ts';
import { type ChatId, micros, type Seq, seq, type UserId, userId } from '../../domain/ids.ts';
import type { ChatLog } from './chat-log.ts';
import type { ChatRoster } from './chat-roster.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { extrasOf, type StoredChange } from './entry-row.ts';

const inBucket = 'WHERE chat_id = ? AND bucket = ?';

/** What lies beside a message's row: the texts of its edits, who reacted, what is deleted. */
export class MessageAnnex {
  readonly #data: DataAccess;
  readonly #log: ChatLog;
  readonly #roster: ChatRoster;

  constructor(data: DataAccess, log: ChatLog, roster: ChatRoster) {
    this.#data = data;
    this.#log = log;
    this.#roster = roster;
  }

  /** From the second one on. */
  async versions(chatId: ChatId, bucket: number, at: Seq): Promise<MessageVersion[]> {
    const query = `SELECT version, body, at, sender_id FROM message_versions ${inBucket} AND seq = ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, at]);
    const written = rows.filter((row) => row.at !== null);
    return written.map((row) => ({
      version: row.version,
      body: row.body,
      at: micros(numberOf(row.at)),
      by: userId(row.sender_id),
    }));
  }

  async reactions(chatId: ChatId, bucket: number, at: Seq): Promise<{ userId: UserId; emoji: string[] }[]> {
    const query = `SELECT user_id, emoji FROM reactions ${inBucket} AND seq = ?`;
    const rows = await this.#data.rows(query, [chatId, bucket, at]);
    const all = rows.map((row) => ({ userId: userId(row.user_id), emoji: JSON.parse(row.emoji) as string[] }));
    return all.filter(({ emoji }) => emoji.length > 0);
  }

  async reactionsOf(chatId: ChatId, bucket: number, at: Seq, id: UserId): Promise<string[]> {
    const query = `SELECT emoji FROM reactions ${inBucket} AND seq = ? AND user_id = ?`;
    const row = await this.#data.row(query, [chatId, bucket, at, id]);
    return row === undefined ? [] : JSON.parse(row.emoji);
  }

  async hidden(chatId: ChatId, id: UserId, low: Seq, high: Seq): Promise<Set<Seq>> {
    const query = 'SELECT seq FROM hidden_messages WHERE chat_id = ? AND user_id = ? AND seq >= ? AND seq <= ?';
    const rows = await this.#data.rows(query, [chatId, id, low, high]);
    return new Set(rows.map((row) => seq(numberOf(row.seq))));
  }

  /** How many messages above a seq are deleted for everyone or erased. `current`: the newest bucket. */
  async deletedAbove(chatId: ChatId, above: number, current: { bucket: number; firstSeq: Seq }): Promise<number> {
    const isNear = current.firstSeq <= above + 1;
    const buckets = isNear ? [current] : await this.#log.bucketsBack(chatId, ({ firstSeq }) => firstSeq <= above + 1);
    // Counted there: a chat may have a hundred thousand of them, and every line of every list asks.
    const query = `SELECT COUNT(*) AS deleted FROM deletions ${inBucket} AND seq > ?`;
    const rows = await Promise.all(buckets.map(({ bucket }) => this.#data.row(query, [chatId, bucket, above])));
    return rows.reduce((sum, row) => sum + numberOf(row?.deleted ?? 0), 0);
  }

  /** The entry with what lies with its message: blank when that is erased or not kept any more. Undefined when it cannot be read yet. */
  async complete(chatId: ChatId, { entry, text }: StoredChange): Promise<Change | undefined> {
    if (text === undefined || (entry.type !== 'message.edited' && entry.type !== 'message.deleted')) return entry;
    const { bucket, hasExtras } = text;
    const [body, extras] = await Promise.all([
      entry.type === 'message.edited' ? this.#body(chatId, bucket, entry.seq, entry.version) : '',
      hasExtras ? this.#extras(chatId, bucket, entry.seq) : null,
    ]);
    if (body === undefined || extras === undefined) {
      const facts = await this.#roster.facts(chatId);
      return facts !== undefined && bucket < facts.firstBucket ? entry : undefined;
    }
    const post = { ...entry.post, extras };
    return entry.type === 'message.edited' ? { ...entry, post, body } : { ...entry, post };
  }

  async #body(chatId: ChatId, bucket: number, at: Seq, version: number): Promise<string | undefined> {
    const query = `SELECT body FROM message_versions ${inBucket} AND seq = ? AND version = ?`;
    return (await this.#data.row(query, [chatId, bucket, at, version]))?.body;
  }

  async #extras(chatId: ChatId, bucket: number, at: Seq): Promise<Extras | null | undefined> {
    const row = await this.#data.row(`SELECT extras FROM messages ${inBucket} AND seq = ?`, [chatId, bucket, at]);
    return row === undefined || row.extras === null ? undefined : extrasOf(row);
  }
}
