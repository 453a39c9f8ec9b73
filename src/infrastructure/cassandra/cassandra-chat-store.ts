import type { Decision } from '../../application/decision.ts';
import type { ChatSnapshot, ChatStore, KeyBlock } from '../../application/ports/chat-store.ts';
import type { Position } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Target } from '../../domain/chat/message-state.ts';
import {
  type ChatId,
  type Micros,
  type Rev,
  type Seq,
  type ShardNumber,
  shardNumber,
  type UserId,
} from '../../domain/ids.ts';
import { lastPostsOf, postsForSlowMode } from '../store-kit/last-posts.ts';
import { type ChatTables, chatTables } from './chat-tables.ts';
import type { CassandraClient } from './client.ts';
import type { Committer } from './committer.ts';
import { isApplied } from './conditional.ts';
import type { DataAccess } from './data-access.ts';
import { unavailable } from './failures.ts';
import { messagesBetween } from './messages-between.ts';

export class CassandraChatStore implements ChatStore {
  readonly #ledger: CassandraClient;
  readonly #data: DataAccess;
  readonly #tables: ChatTables;
  readonly #committer: Committer;

  constructor(ledger: CassandraClient, data: DataAccess, committer: Committer) {
    this.#ledger = ledger;
    this.#data = data;
    this.#tables = chatTables(data);
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
    const { roster, entries, log } = this.#tables;
    const found = await roster.whole(chatId);
    if (found === undefined) return undefined;
    const { kind, creatorId, settings, large, currentBucket, firstBucket, firstSeq, firstRev } = found.facts;
    const { head, recent } = await entries.tail(chatId, currentBucket);
    const { nextSeq, nextRev, ...bucket } = head;
    const low = Math.max(firstSeq, nextSeq - postsForSlowMode);
    const newest = settings.slowModeMs === 0 ? [] : await messagesBetween(log, chatId, low, nextSeq - 1);
    const lastPostAt = lastPostsOf(settings, newest.map(({ post }) => post).reverse());
    const limits = { nextSeq, nextRev, firstSeq, firstRev };
    return {
      state: { id: chatId, kind, creatorId, settings, roster: found.members, ...limits, large, lastPostAt },
      bucket,
      firstBucket,
      recent,
    };
  }

  keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    return this.#tables.entries.keyBlocks(chatId, before, since, maxEntries);
  }

  entryAt(chatId: ChatId, position: Position): Promise<Entry | undefined> {
    return this.#tables.entries.at(chatId, position);
  }

  async target(chatId: ChatId, at: Seq, userId: UserId): Promise<Target | undefined> {
    const { log, annex } = this.#tables;
    const bucket = await log.bucketOf(chatId, at);
    if (bucket === undefined) return undefined;
    const [[view], own] = await Promise.all([
      log.messages(chatId, bucket, at, at),
      annex.reactionsOf(chatId, bucket, at, userId),
    ]);
    if (view === undefined) return undefined;
    const { chatId: _, recipients, ...message } = view;
    return { message, own, bucket };
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
}
