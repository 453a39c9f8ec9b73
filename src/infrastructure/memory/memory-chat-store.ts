import type { Decision } from '../../application/decision.ts';
import type { ChatSnapshot, EntryKey, KeyBlock, SessionLost } from '../../application/ports/chat-store.ts';
import { blockStart, keysPerBlock } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type ChatId, type Micros, type Rev, rev, type Seq, type ShardNumber } from '../../domain/ids.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { blockStarts, rebuiltBlock } from './key-blocks.ts';
import { inRosterOrder, type MemoryDatabase } from './memory-database.ts';
import type { EndableStore } from './single-process-ownership.ts';

const keyOf = (entry: Entry): EntryKey => ({
  rev: entry.rev,
  seq: entry.type === 'message.posted' ? entry.seq : undefined,
  senderId: entry.senderId,
  clientMessageId: entry.clientMessageId,
});

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
    return {
      state: { ...chat.state, roster: inRosterOrder(chat.state.roster, chat.creatorId) },
      bucket: chat.buckets.at(-1)!,
      recent: chat.entries.slice(blockStart(chat.state.nextRev) - 1).map(keyOf),
    };
  }

  async keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    const chat = this.#database.chats.get(chatId);
    if (chat === undefined) return [];
    const oldest = chat.buckets.findLast((bucket) => bucket.startedAt <= since)?.firstRev ?? rev(1);
    return blockStarts(before, oldest, maxEntries).map((firstRev) => ({
      firstRev,
      blob:
        chat.keyBlocks.get(firstRev) ??
        rebuiltBlock(chat.entries.slice(firstRev - 1, firstRev - 1 + keysPerBlock).map(keyOf)),
    }));
  }

  async entryAt(chatId: ChatId, position: { rev: Rev; seq: Seq | undefined }): Promise<Entry | undefined> {
    const entry = this.#database.chats.get(chatId)?.entries[position.rev - 1];
    return entry !== undefined && keyOf(entry).seq === position.seq ? entry : undefined;
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
