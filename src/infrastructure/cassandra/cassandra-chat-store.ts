import type { Decision } from '../../application/decision.ts';
import type { ChatSnapshot, ChatStore, EntryKey, KeyBlock } from '../../application/ports/chat-store.ts';
import { blockStart, keysPerBlock } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type ChatId, type Micros, type Rev, rev, type Seq, type ShardNumber, shardNumber } from '../../domain/ids.ts';
import { blockStarts, rebuiltBlock } from '../memory/key-blocks.ts';
import { ChatLog } from './chat-log.ts';
import type { CassandraClient } from './client.ts';
import type { Committer } from './committer.ts';
import { isApplied } from './conditional.ts';
import type { DataAccess } from './data-access.ts';
import { dense, entryKeys } from './entry-keys.ts';
import { CassandraUnavailable, unavailable } from './failures.ts';

export class CassandraChatStore implements ChatStore {
  readonly #ledger: CassandraClient;
  readonly #data: DataAccess;
  readonly #log: ChatLog;
  readonly #committer: Committer;

  constructor(ledger: CassandraClient, data: DataAccess, committer: Committer) {
    this.#ledger = ledger;
    this.#data = data;
    this.#log = new ChatLog(data);
    this.#committer = committer;
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    const row = await this.#data.row('SELECT shard FROM chat_homes WHERE chat_id = ?', [chatId]);
    return row && shardNumber(row.shard);
  }

  /** An unknown outcome is the caller's to repeat: whichever copy applies, there is one winner. */
  async claimHome(chatId: ChatId, shard: ShardNumber): Promise<ShardNumber> {
    try {
      const query = 'INSERT INTO chat_homes (chat_id, shard) VALUES (?, ?) IF NOT EXISTS';
      const row = (await this.#ledger.execute(query, [chatId, shard])).first();
      return isApplied(row) ? shard : shardNumber(row.shard);
    } catch (error) {
      throw unavailable('the home of a chat could not be claimed', error);
    }
  }

  async open(chatId: ChatId): Promise<ChatSnapshot | undefined> {
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
    const [head, newest] = await Promise.all([
      this.#log.head(chatId, currentBucket),
      this.#log.newestKeys(chatId, currentBucket, keysPerBlock),
    ]);
    if (head === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${currentBucket} has no head`);
    const { nextSeq, nextRev, ...bucket } = head;
    const recent = await this.#recent(chatId, blockStart(nextRev), nextRev - 1, bucket.firstRev, newest);
    return { state: { id: chatId, kind, title, roster, nextSeq, nextRev }, bucket, recent };
  }

  async keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    const buckets = await this.#log.bucketsBack(
      chatId,
      ({ startedAt, firstRev }) => startedAt <= since || firstRev <= before - maxEntries,
    );
    const starts = blockStarts(
      before,
      buckets.find(({ startedAt }) => startedAt <= since)?.firstRev ?? rev(1),
      maxEntries,
    );
    const [newest, oldest] = [starts[0], starts.at(-1)];
    if (newest === undefined || oldest === undefined) return [];
    const stored = await Promise.all(buckets.map(({ bucket }) => this.#log.keyBlobs(chatId, bucket, oldest, newest)));
    const blobs = new Map(stored.flat().map(({ firstRev, blob }) => [firstRev, blob]));
    return Promise.all(
      starts.map(async (firstRev) => ({
        firstRev,
        blob: blobs.get(firstRev) ?? (await this.#rebuilt(chatId, firstRev)),
      })),
    );
  }

  async entryAt(chatId: ChatId, position: { rev: Rev; seq: Seq | undefined }): Promise<Entry | undefined> {
    const buckets = await this.#log.bucketsBack(chatId, ({ firstRev }) => firstRev <= position.rev);
    const bucket = buckets.find(({ firstRev }) => firstRev <= position.rev)?.bucket;
    if (bucket === undefined) return undefined;
    if (position.seq === undefined) return this.#log.change(chatId, bucket, position.rev);
    const [post] = await this.#log.posts(chatId, bucket, position.seq, position.seq);
    return post?.rev === position.rev ? post : undefined;
  }

  confirmOwnership(): Promise<void> {
    return this.#committer.journal.confirm();
  }

  commit(decisions: readonly Decision[]): Promise<void> {
    return this.#committer.commit(decisions);
  }

  announced(decisions: readonly Decision[]): void {
    this.#committer.journal.announced(decisions);
  }

  /** Most of the time the newest rows of the open bucket hold them all. */
  async #recent(
    chatId: ChatId,
    from: Rev,
    to: number,
    firstRev: Rev,
    newest: readonly EntryKey[],
  ): Promise<EntryKey[]> {
    return firstRev <= from ? dense(chatId, newest, from, to) : entryKeys(this.#log, chatId, from, to);
  }

  async #rebuilt(chatId: ChatId, firstRev: Rev): Promise<Uint8Array> {
    return rebuiltBlock(await entryKeys(this.#log, chatId, firstRev, firstRev + keysPerBlock - 1));
  }
}
