import type { Decision } from '../../application/decision.ts';
import type { ReadMarker } from '../../application/ports/chat-reader.ts';
import type { Profile } from '../../application/ports/personal-store.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { ChatId, ShardNumber, UserId } from '../../domain/ids.ts';
import { ChatRecord } from './chat-record.ts';

/** What a cell keeps, shared by everything that reads and writes it. It outlives the sessions, not the process. */
export class MemoryDatabase {
  readonly chats = new Map<ChatId, ChatRecord>();
  readonly homes = new Map<ChatId, ShardNumber>();
  readonly profiles = new Map<UserId, Profile>();
  readonly #readMarkers = new Map<string, ReadMarker>();
  readonly #epochs = new Map<ShardNumber, number>();

  raiseEpoch(shard: ShardNumber): number {
    const epoch = (this.#epochs.get(shard) ?? 0) + 1;
    this.#epochs.set(shard, epoch);
    return epoch;
  }

  readMarker(chatId: ChatId, userId: UserId): ReadMarker {
    return this.#readMarkers.get(`${chatId} ${userId}`) ?? { readSeq: 0, unreadFrom: null };
  }

  putReadMarker(chatId: ChatId, userId: UserId, marker: ReadMarker): void {
    this.#readMarkers.set(`${chatId} ${userId}`, marker);
  }

  /** A decision that was written before changes nothing. */
  write(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#project(decision);
  }

  #project({ chatId, outcome }: Decision): void {
    if (outcome.kind === 'rejected') return;
    const { bucket, nextRev, opens, keys } = outcome.placement;
    if ((this.chats.get(chatId)?.state.nextRev ?? 0) >= nextRev) return;
    for (const entry of outcome.entries) this.#append(chatId, entry);
    const chat = this.chats.get(chatId)!;
    if (opens !== null) chat.buckets.set(bucket, { bucket, ...opens });
    if (keys !== null) chat.keyBlocks.set(keys.firstRev, Buffer.from(keys.blob, 'base64'));
  }

  #append(chatId: ChatId, entry: Entry): void {
    const chat = this.chats.get(chatId);
    const expected = chat?.state.nextRev ?? 1;
    if (entry.rev !== expected) throw new Error(`entry ${entry.rev} of ${chatId} comes where ${expected} belongs`);
    if (entry.type === 'chat.created') this.chats.set(chatId, new ChatRecord(entry));
    else chat!.append(entry);
  }
}
