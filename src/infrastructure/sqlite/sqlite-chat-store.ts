import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Decision } from '../../application/decision.ts';
import type { ChatSnapshot, KeyBlock, SessionLost } from '../../application/ports/chat-store.ts';
import type { Position } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Target } from '../../domain/chat/message-state.ts';
import type { ChatId, Micros, Rev, Seq, ShardNumber, UserId } from '../../domain/ids.ts';
import type { EndableStore } from '../memory/single-process-ownership.ts';
import { GroupCommit, type GroupCommitOptions } from '../store-kit/group-commit.ts';
import { lastPostsOf, postsForSlowMode } from '../store-kit/last-posts.ts';
import { chatRows, settingsOf } from './chat-rows.ts';
import { keyRows } from './key-rows.ts';
import { logRows } from './log-rows.ts';
import { messageRows } from './message-rows.ts';
import { projection } from './projection.ts';

export class SqliteChatStore implements EndableStore {
  readonly #chats: ReturnType<typeof chatRows>;
  readonly #messages: ReturnType<typeof messageRows>;
  readonly #log: ReturnType<typeof logRows>;
  readonly #keys: ReturnType<typeof keyRows>;
  readonly #home: StatementSync;
  readonly #claimHome: StatementSync;
  readonly #commits: GroupCommit;

  constructor(database: DatabaseSync, watchers: Pick<GroupCommitOptions, 'onRetry' | 'onWritten'>) {
    this.#chats = chatRows(database);
    this.#messages = messageRows(database);
    this.#log = logRows(database);
    this.#keys = keyRows(database);
    this.#home = database.prepare('SELECT shard FROM chat_homes WHERE chat_id = ?');
    this.#claimHome = database.prepare('INSERT INTO chat_homes (chat_id, shard) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#commits = new GroupCommit({ write: projection(database), ...watchers });
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    return this.#home.get(chatId)?.shard as ShardNumber | undefined;
  }

  async claimHome(chatId: ChatId, shard: ShardNumber): Promise<ShardNumber> {
    this.#claimHome.run(chatId, shard);
    return this.#home.get(chatId)!.shard as ShardNumber;
  }

  async open(chatId: ChatId): Promise<ChatSnapshot | undefined> {
    const chat = this.#chats.chat(chatId);
    if (chat === undefined) return undefined;
    const settings = settingsOf(chat);
    const newest = settings.slowModeMs === 0 ? [] : this.#messages.newest(chatId, postsForSlowMode);
    const buckets = this.#log.buckets(chatId);
    return {
      state: {
        id: chatId,
        kind: chat.kind,
        creatorId: chat.creator_id,
        settings,
        roster: new Map(this.#chats.members(chatId, chat.creator_id)),
        nextSeq: chat.next_seq,
        nextRev: chat.next_rev,
        firstSeq: chat.first_seq,
        firstRev: chat.first_rev,
        large: chat.large === 1,
        lastPostAt: lastPostsOf(settings, newest),
      },
      bucket: buckets.at(-1)!,
      firstBucket: buckets[0]!.bucket,
      recent: this.#keys.recent(chatId, chat),
    };
  }

  async keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    const chat = this.#chats.chat(chatId);
    return chat === undefined ? [] : this.#keys.blocks(chatId, chat, before, since, maxEntries);
  }

  async entryAt(chatId: ChatId, position: Position): Promise<Entry | undefined> {
    return this.#log.entryAt(chatId, position);
  }

  async target(chatId: ChatId, at: Seq, userId: UserId): Promise<Target | undefined> {
    return this.#messages.target(chatId, at, userId);
  }

  /** Nobody else can write to the data folder: the session is open while this process has not ended it. */
  async confirmOwnership(): Promise<void> {
    if (this.#commits.ended !== undefined) throw this.#commits.ended;
  }

  commit(decisions: readonly Decision[]): Promise<void> {
    return this.#commits.commit(decisions);
  }

  /** Nothing is replayed from here: see SingleProcessOwnership. */
  announced(): void {}

  end(reason: SessionLost): void {
    this.#commits.end(reason);
  }
}
