import type { Decision } from '../../application/decision.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatState } from '../../domain/chat/chat-state.ts';
import { evolve } from '../../domain/chat/decide.ts';
import type { Entry, MessagePosted } from '../../domain/chat/entry.ts';
import type { Roster } from '../../domain/chat/roster.ts';
import type { ChatId, Rev, ShardNumber, UserId } from '../../domain/ids.ts';

/** One chat's rows. */
export type ChatRecord = {
  state: ChatState;
  readonly creatorId: UserId;
  /** By rev − 1 and by seq − 1: both are dense. */
  readonly entries: Entry[];
  readonly posts: MessagePosted[];
  /** By number. */
  readonly buckets: OpenBucket[];
  readonly keyBlocks: Map<Rev, Uint8Array>;
};

/** What a cell keeps, shared by everything that reads and writes it. It outlives the sessions, not the process. */
export class MemoryDatabase {
  readonly chats = new Map<ChatId, ChatRecord>();
  readonly homes = new Map<ChatId, ShardNumber>();
  readonly #epochs = new Map<ShardNumber, number>();

  raiseEpoch(shard: ShardNumber): number {
    const epoch = (this.#epochs.get(shard) ?? 0) + 1;
    this.#epochs.set(shard, epoch);
    return epoch;
  }

  /** Projecting a decision again changes nothing. */
  write(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#project(decision);
  }

  #project({ chatId, outcome }: Decision): void {
    if (outcome.kind === 'rejected') return;
    for (const entry of outcome.entries) this.#append(chatId, entry);
    const chat = this.chats.get(chatId)!;
    const { bucket, opens, keys } = outcome.placement;
    if (opens !== null) chat.buckets[bucket] = { bucket, ...opens };
    if (keys !== null) chat.keyBlocks.set(keys.firstRev, Buffer.from(keys.blob, 'base64'));
  }

  #append(chatId: ChatId, entry: Entry): void {
    const chat = this.chats.get(chatId);
    if (chat === undefined) {
      this.chats.set(chatId, {
        state: evolve(undefined, entry),
        creatorId: entry.senderId,
        entries: [entry],
        posts: [],
        buckets: [],
        keyBlocks: new Map(),
      });
      return;
    }
    if (entry.rev < chat.state.nextRev) return;
    if (entry.rev > chat.state.nextRev)
      throw new Error(`entry ${entry.rev} of ${chatId} does not follow ${chat.state.nextRev - 1}`);
    chat.state = evolve(chat.state, entry);
    chat.entries.push(entry);
    if (entry.type === 'message.posted') chat.posts.push(entry);
  }
}

/** The creator first, then in the order of their ids: as every store hands it out. */
export const inRosterOrder = (roster: Roster, creatorId: UserId): Roster =>
  new Map([...roster].sort(([a], [b]) => Number(b === creatorId) - Number(a === creatorId) || (a < b ? -1 : 1)));
