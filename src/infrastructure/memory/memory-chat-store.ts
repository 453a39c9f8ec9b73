import type { Decision } from '../../application/decision.ts';
import type { ChatSnapshot, KeyBlock, SessionLost } from '../../application/ports/chat-store.ts';
import { blockStart } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Target } from '../../domain/chat/message-state.ts';
import type { ChatId, Micros, Rev, Seq, ShardNumber, UserId } from '../../domain/ids.ts';
import { GroupCommit, type GroupCommitOptions } from '../store-kit/group-commit.ts';
import { lastPostsOf, postsForSlowMode } from '../store-kit/last-posts.ts';
import { keyBlocksOf, keysBetween, seqOf } from './key-records.ts';
import type { MemoryDatabase } from './memory-database.ts';
import type { EndableStore } from './single-process-ownership.ts';

export class MemoryChatStore implements EndableStore {
  readonly #database: MemoryDatabase;
  readonly #commits: GroupCommit;

  constructor(database: MemoryDatabase, schedule?: GroupCommitOptions['schedule']) {
    this.#database = database;
    this.#commits = new GroupCommit({
      write: (decisions) => database.write(decisions),
      // Maps do not fail: this is a decision that does not fit what is stored, and must not go unseen.
      onRetry: (error) => {
        throw error;
      },
      schedule,
    });
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    return this.#database.homes.get(chatId);
  }

  async claimHome(chatId: ChatId, shard: ShardNumber): Promise<ShardNumber> {
    const { homes } = this.#database;
    if (!homes.has(chatId)) homes.set(chatId, shard);
    return homes.get(chatId)!;
  }

  async open(chatId: ChatId): Promise<ChatSnapshot | undefined> {
    const chat = this.#database.chats.get(chatId);
    if (chat === undefined) return undefined;
    const { state, roster, oldestBucket, newestBucket } = chat;
    const newest = [...chat.messages.values()].slice(-postsForSlowMode).reverse();
    return {
      state: {
        ...state,
        roster,
        lastPostAt: lastPostsOf(
          state.settings,
          newest.map((message) => message.state.post),
        ),
      },
      bucket: newestBucket,
      firstBucket: oldestBucket.bucket,
      recent: keysBetween(chat, blockStart(state.nextRev), state.nextRev),
    };
  }

  async keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    const chat = this.#database.chats.get(chatId);
    return chat === undefined ? [] : keyBlocksOf(chat, before, since, maxEntries);
  }

  async entryAt(chatId: ChatId, position: { rev: Rev; seq: Seq | undefined }): Promise<Entry | undefined> {
    const entry = this.#database.chats.get(chatId)?.entryAt(position.rev);
    return entry !== undefined && seqOf(entry) === position.seq ? entry : undefined;
  }

  async target(chatId: ChatId, at: Seq, userId: UserId): Promise<Target | undefined> {
    const chat = this.#database.chats.get(chatId);
    const message = chat?.messages.get(at);
    if (chat === undefined || message === undefined) return undefined;
    const { bucket } = [...chat.buckets.values()].findLast(({ firstSeq }) => firstSeq <= at)!;
    return { message: message.state, own: message.reactions.get(userId) ?? [], bucket };
  }

  async confirmOwnership(): Promise<void> {
    if (this.#commits.ended !== undefined) throw this.#commits.ended;
  }

  commit(decisions: readonly Decision[]): Promise<void> {
    return this.#commits.commit(decisions);
  }

  announced(): void {}

  end(reason: SessionLost): void {
    this.#commits.end(reason);
  }
}
