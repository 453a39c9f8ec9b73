import type { EntryKey, KeyBlock } from '../../application/ports/chat-store.ts';
import { blockStart, keysPerBlock, type Position } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type ChatId, type Micros, type Rev, rev } from '../../domain/ids.ts';
import { blockStarts, rebuiltBlock } from '../store-kit/key-blocks.ts';
import type { ChatLog, Head } from './chat-log.ts';
import { dense, entryKeys } from './entry-keys.ts';
import { CassandraUnavailable } from './failures.ts';
import type { KeyRows } from './key-rows.ts';
import type { MessageAnnex } from './message-annex.ts';

/** Entries by position, and the keys by which commands find them. */
export class ChatEntries {
  readonly #log: ChatLog;
  readonly #keys: KeyRows;
  readonly #annex: MessageAnnex;

  constructor(log: ChatLog, keys: KeyRows, annex: MessageAnnex) {
    this.#log = log;
    this.#keys = keys;
    this.#annex = annex;
  }

  async at(chatId: ChatId, position: Position): Promise<Entry | undefined> {
    const buckets = await this.#log.bucketsBack(chatId, ({ firstRev }) => firstRev <= position.rev);
    const bucket = buckets.find(({ firstRev }) => firstRev <= position.rev)?.bucket;
    if (bucket === undefined) return undefined;
    if (position.seq !== undefined) {
      const post = await this.#log.post(chatId, bucket, position.seq);
      return post?.rev === position.rev ? post : undefined;
    }
    const change = await this.#log.change(chatId, bucket, position.rev);
    if (change === undefined) return undefined;
    const entry = await this.#annex.complete(chatId, change);
    if (entry === undefined)
      throw new CassandraUnavailable(`chat ${chatId}: the text of entry ${position.rev} cannot be read`);
    return entry;
  }

  /** The head of the newest bucket, and the keys after the last complete block. */
  async tail(chatId: ChatId, bucket: number): Promise<{ head: Head; recent: EntryKey[] }> {
    const newest = await this.#keys.newestPosts(chatId, bucket, keysPerBlock);
    if (newest === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${bucket} has no head`);
    const { head, posts } = newest;
    const [from, to] = [blockStart(head.nextRev), head.nextRev - 1];
    if (head.firstRev > from) return { head, recent: await entryKeys(this.#log, this.#keys, chatId, from, to) };
    // Most of the time they are all posts, and lie in the open bucket.
    const recent = posts.filter((key) => key.rev >= from && key.rev <= to);
    if (recent.length <= to - from) recent.push(...(await this.#keys.changesFrom(chatId, bucket, from)));
    return { head, recent: dense(chatId, recent, from, to) };
  }

  async keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    const buckets = await this.#log.bucketsBack(
      chatId,
      ({ startedAt, firstRev }) => startedAt <= since || firstRev <= before - maxEntries,
    );
    const openThen = buckets.find(({ startedAt }) => startedAt <= since) ?? buckets.at(-1);
    const starts = blockStarts(before, openThen?.firstRev ?? rev(1), maxEntries);
    const [newest, oldest] = [starts[0], starts.at(-1)];
    if (newest === undefined || oldest === undefined) return [];
    const stored = await Promise.all(buckets.map(({ bucket }) => this.#keys.blobs(chatId, bucket, oldest, newest)));
    const blobs = new Map(stored.flat().map(({ firstRev, blob }) => [firstRev, blob]));
    return Promise.all(
      starts.map(async (firstRev) => ({
        firstRev,
        blob: blobs.get(firstRev) ?? (await this.#rebuilt(chatId, firstRev)),
      })),
    );
  }

  async #rebuilt(chatId: ChatId, firstRev: Rev): Promise<Uint8Array> {
    return rebuiltBlock(await entryKeys(this.#log, this.#keys, chatId, firstRev, firstRev + keysPerBlock - 1));
  }
}
