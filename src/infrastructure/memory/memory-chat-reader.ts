import type {
  BucketIntegrity,
  ChangePage,
  ChatListRequest,
  ChatReader,
  ChatSummary,
  ChatView,
  LogPosition,
  MessagePage,
  MessageVersion,
  MessageView,
  PageRequest,
  ReadMarker,
  Standing,
} from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import { rememberedEntries } from '../../application/turn/find-answer.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import {
  type ChatId,
  type ClientMessageId,
  rev,
  type Seq,
  type ShardNumber,
  seq,
  type UserId,
} from '../../domain/ids.ts';
import { bucketIntegrity } from '../store-kit/bucket-integrity.ts';
import { logPageOf } from '../store-kit/log-page.ts';
import { pageOf, pageWindow, type SeqAnchor, visibleRange } from '../store-kit/page-window.ts';
import { chatsOf } from './chat-list.ts';
import type { ChatRecord } from './chat-record.ts';
import { seqOf } from './key-records.ts';
import type { MemoryDatabase } from './memory-database.ts';

export class MemoryChatReader implements ChatReader {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async chat(chatId: ChatId): Promise<ChatView | undefined> {
    const chat = this.#chat(chatId);
    if (chat === undefined) return undefined;
    const { id, kind, settings, nextSeq, nextRev, firstSeq, firstRev } = chat.state;
    const members = Array.from(chat.roster, ([userId, member]) => ({ userId, ...member }));
    return { id, kind, settings, members, lastSeq: nextSeq - 1, rev: rev(nextRev - 1), firstSeq, firstRev };
  }

  async standing(chatId: ChatId, userId: UserId): Promise<Standing | undefined> {
    const chat = this.#chat(chatId);
    if (chat === undefined) return undefined;
    const { kind, settings, firstSeq, firstRev, roster } = chat.state;
    return { kind, settings, firstSeq, firstRev, member: roster.get(userId) };
  }

  async head(chatId: ChatId): Promise<LogPosition | undefined> {
    const chat = this.#chat(chatId);
    return chat && { rev: rev(chat.state.nextRev - 1), seq: seq(chat.state.nextSeq - 1) };
  }

  async page({ chatId, anchor, limit, fromSeq }: PageRequest): Promise<MessagePage | undefined> {
    const chat = this.#chat(chatId);
    if (chat === undefined) return undefined;
    const range = visibleRange(chat.state, fromSeq);
    const window = pageWindow({ anchor: seqAnchor(chat, anchor), limit }, range);
    const found: MessageView[] = [];
    for (let at = window.low; at <= window.high; at++) {
      const message = chat.messages.get(seq(at));
      if (message !== undefined) found.push(chat.viewOf(message));
    }
    return pageOf(found, window, range);
  }

  async message(chatId: ChatId, at: Seq): Promise<MessageView | undefined> {
    const chat = this.#chat(chatId);
    const message = chat?.messages.get(at);
    return message && chat?.viewOf(message);
  }

  async versions(chatId: ChatId, at: Seq): Promise<readonly MessageVersion[]> {
    return [...(this.#chat(chatId)?.messages.get(at)?.versions ?? [])];
  }

  async reactions(chatId: ChatId, at: Seq) {
    const reactions = this.#chat(chatId)?.messages.get(at)?.reactions ?? [];
    return [...reactions].map(([userId, emoji]) => ({ userId, emoji })).sort((a, b) => (a.userId < b.userId ? -1 : 1));
  }

  async hidden(chatId: ChatId, userId: UserId, low: Seq, high: Seq): Promise<ReadonlySet<Seq>> {
    const messages = this.#chat(chatId)?.messages ?? [];
    const hidden = [...messages].filter(([at, { hiddenFrom }]) => at >= low && at <= high && hiddenFrom.has(userId));
    return new Set(hidden.map(([at]) => at));
  }

  async changes(chatId: ChatId, since: LogPosition, limit: number): Promise<ChangePage | 'gone' | undefined> {
    const chat = this.#chat(chatId);
    if (chat === undefined) return undefined;
    const { firstRev, nextRev } = chat.state;
    if (since.rev + 1 < firstRev) return 'gone';
    const from = since.rev + 1 - firstRev;
    return logPageOf(chat.entries.slice(from, from + limit), since, limit, nextRev);
  }

  async chatsOf(request: ChatListRequest): Promise<readonly ChatSummary[]> {
    return chatsOf(this.#database, request);
  }

  async readMarker(chatId: ChatId, userId: UserId): Promise<ReadMarker> {
    return this.#database.readMarker(chatId, userId);
  }

  async entryOf(chatId: ChatId, senderId: UserId, clientMessageId: ClientMessageId): Promise<Entry | undefined> {
    return this.#chat(chatId)
      ?.entries.slice(-rememberedEntries)
      .find((entry) => entry.senderId === senderId && entry.clientMessageId === clientMessageId);
  }

  async oldestBuckets(chatId: ChatId, limit: number): Promise<readonly OpenBucket[]> {
    return [...(this.#chat(chatId)?.buckets.values() ?? [])].slice(0, limit);
  }

  async integrity(chatId: ChatId): Promise<readonly BucketIntegrity[]> {
    const chat = this.#chat(chatId);
    if (chat === undefined) return [];
    return bucketIntegrity([...chat.buckets.values()], chat.state, (from, below) => ({
      posts: chat.entries.flatMap((entry) =>
        entry.rev >= from.firstRev && entry.rev < below.firstRev && chat.messages.has(seqOf(entry)!)
          ? [{ rev: entry.rev, seq: seqOf(entry)! }]
          : [],
      ),
      changes: chat.entries.flatMap((entry) =>
        entry.rev >= from.firstRev && entry.rev < below.firstRev && entry.type !== 'message.posted' ? [entry.rev] : [],
      ),
    }));
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    return this.#database.homes.get(chatId);
  }

  async ping(): Promise<void> {}

  #chat(chatId: ChatId): ChatRecord | undefined {
    return this.#database.chats.get(chatId);
  }
}

/** By time: around the first message that was posted then or later; past the end when there is none. */
const seqAnchor = (chat: ChatRecord, anchor: PageRequest['anchor']): SeqAnchor => {
  if (anchor.at !== 'time') return anchor;
  const found = [...chat.messages.values()].find(({ state }) => state.post.at >= anchor.time);
  return { at: 'around', seq: found?.state.seq ?? chat.state.nextSeq };
};
