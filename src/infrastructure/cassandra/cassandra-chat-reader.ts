import type { ChatReader, ChatView, MessagePage, PageRequest, Standing } from '../../application/ports/chat-reader.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';
import { type ChatId, rev, type ShardNumber, shardNumber, type UserId } from '../../domain/ids.ts';
import { type PageWindow, pageOf, pageWindow } from '../memory/page-window.ts';
import { ChatLog } from './chat-log.ts';
import type { DataAccess } from './data-access.ts';
import { CassandraUnavailable } from './failures.ts';
import { SingleFlight } from './single-flight.ts';

export class CassandraChatReader implements ChatReader {
  readonly #data: DataAccess;
  readonly #log: ChatLog;
  readonly #flights = new SingleFlight();

  constructor(data: DataAccess) {
    this.#data = data;
    this.#log = new ChatLog(data);
  }

  chat(chatId: ChatId): Promise<ChatView | undefined> {
    return this.#flights.run(`chat ${chatId}`, () => this.#chat(chatId));
  }

  standing(chatId: ChatId, userId: UserId): Promise<Standing | undefined> {
    return this.#flights.run(`standing ${chatId} ${userId}`, async () => {
      const found = await this.#log.standing(chatId, userId);
      return found && { kind: found.settings.kind, role: found.role };
    });
  }

  page(request: PageRequest): Promise<MessagePage | undefined> {
    const { chatId, anchor, limit } = request;
    const key = `page ${chatId} ${limit} ${anchor.at} ${anchor.at === 'newest' ? '' : anchor.seq}`;
    return this.#flights.run(key, () => this.#page(request));
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    const row = await this.#data.row('SELECT shard FROM chat_homes WHERE chat_id = ?', [chatId]);
    return row && shardNumber(row.shard);
  }

  async ping(): Promise<void> {
    await this.#data.rows('SELECT key FROM system.local', []);
  }

  async #chat(chatId: ChatId): Promise<ChatView | undefined> {
    const reading = this.#log.settings(chatId);
    const [settings, roster] = await Promise.all([
      reading,
      this.#log.roster(
        chatId,
        reading.then((found) => found?.creatorId),
      ),
    ]);
    if (settings === undefined) return undefined;
    const { kind, title, currentBucket } = settings;
    const head = await this.#log.head(chatId, currentBucket);
    if (head === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${currentBucket} has no head`);
    const members = Array.from(roster, ([userId, role]) => ({ userId, role }));
    return { id: chatId, kind, title, members, lastSeq: head.nextSeq - 1, rev: rev(head.nextRev - 1) };
  }

  async #page(request: PageRequest): Promise<MessagePage | undefined> {
    const { chatId, limit, anchor } = request;
    const [current] = await this.#log.bucketsBack(chatId, () => true);
    if (current === undefined) return undefined;
    const newest = await this.#log.newest(chatId, current.bucket, anchor.at === 'newest' ? limit : 1);
    if (newest === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${current.bucket} has no head`);
    const lastSeq = newest.head.nextSeq - 1;
    const range = { firstSeq: lastSeq === 0 ? 0 : 1, lastSeq };
    const window = pageWindow(request, range);
    const here = newest.posts.filter(({ seq }) => seq >= window.low && seq <= window.high);
    const rest = { low: window.low, high: here.length > 0 ? here[0]!.seq - 1 : window.high };
    return pageOf([...(await this.#posts(chatId, rest)), ...here], window, range);
  }

  /** Oldest first, from as many buckets as they lie in. */
  async #posts(chatId: ChatId, { low, high }: PageWindow): Promise<MessagePosted[]> {
    if (low > high) return [];
    const buckets = await this.#log.bucketsBack(chatId, ({ firstSeq }) => firstSeq <= low);
    const reached = buckets.filter(({ firstSeq }) => firstSeq <= high);
    // Of those that begin at or before `low` only the newest can hold it; it is the last one of the walk.
    const parts = await Promise.all(reached.map(({ bucket }) => this.#log.posts(chatId, bucket, low, high)));
    return parts.reverse().flat();
  }
}
