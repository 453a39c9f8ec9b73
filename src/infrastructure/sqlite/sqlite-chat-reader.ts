import type { DatabaseSync, StatementSync } from 'node:sqlite';
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
import { findEntry, type KeySource } from '../store-kit/find-entry.ts';
import { pageOf, pageWindow, visibleRange } from '../store-kit/page-window.ts';
import { chatListRows } from './chat-list-rows.ts';
import { chatRows, settingsOf } from './chat-rows.ts';
import { keyRows } from './key-rows.ts';
import { logRows } from './log-rows.ts';
import { messageRows } from './message-rows.ts';
import { readMarkerRows } from './sqlite-personal-store.ts';

export class SqliteChatReader implements ChatReader {
  readonly #chats: ReturnType<typeof chatRows>;
  readonly #messages: ReturnType<typeof messageRows>;
  readonly #log: ReturnType<typeof logRows>;
  readonly #keys: ReturnType<typeof keyRows>;
  readonly #list: ReturnType<typeof chatListRows>;
  readonly #readMarker: ReturnType<typeof readMarkerRows>;
  readonly #home: StatementSync;
  readonly #ping: StatementSync;

  constructor(database: DatabaseSync) {
    this.#chats = chatRows(database);
    this.#messages = messageRows(database);
    this.#log = logRows(database);
    this.#keys = keyRows(database);
    this.#list = chatListRows(database, this.#messages);
    this.#readMarker = readMarkerRows(database);
    this.#home = database.prepare('SELECT shard FROM chat_homes WHERE chat_id = ?');
    this.#ping = database.prepare('SELECT value FROM meta LIMIT 1');
  }

  async chat(chatId: ChatId): Promise<ChatView | undefined> {
    const row = this.#chats.chat(chatId);
    if (row === undefined) return undefined;
    return {
      id: chatId,
      kind: row.kind,
      settings: settingsOf(row),
      members: this.#chats.members(chatId, row.creator_id).map(([userId, member]) => ({ userId, ...member })),
      lastSeq: row.next_seq - 1,
      rev: rev(row.next_rev - 1),
      firstSeq: row.first_seq,
      firstRev: row.first_rev,
    };
  }

  async standing(chatId: ChatId, userId: UserId): Promise<Standing | undefined> {
    const row = this.#chats.chat(chatId);
    if (row === undefined) return undefined;
    const { kind, first_seq, first_rev } = row;
    const member = this.#chats.member(chatId, userId);
    return { kind, settings: settingsOf(row), firstSeq: first_seq, firstRev: first_rev, member };
  }

  async head(chatId: ChatId): Promise<LogPosition | undefined> {
    const row = this.#chats.chat(chatId);
    return row && { rev: rev(row.next_rev - 1), seq: seq(row.next_seq - 1) };
  }

  async page({ chatId, anchor, limit, fromSeq }: PageRequest): Promise<MessagePage | undefined> {
    const row = this.#chats.chat(chatId);
    if (row === undefined) return undefined;
    const range = visibleRange({ firstSeq: row.first_seq, nextSeq: row.next_seq }, fromSeq);
    const seqAnchor = this.#messages.seqAnchor(chatId, anchor, row.first_seq, row.next_seq);
    const window = pageWindow({ anchor: seqAnchor, limit }, range);
    return pageOf(this.#messages.range(chatId, window), window, range);
  }

  async message(chatId: ChatId, at: Seq): Promise<MessageView | undefined> {
    return this.#messages.message(chatId, at);
  }

  async versions(chatId: ChatId, at: Seq): Promise<readonly MessageVersion[]> {
    return this.#messages.versions(chatId, at);
  }

  async reactions(chatId: ChatId, at: Seq) {
    return this.#messages.reactions(chatId, at);
  }

  async hidden(chatId: ChatId, userId: UserId, low: Seq, high: Seq): Promise<ReadonlySet<Seq>> {
    return this.#messages.hidden(chatId, userId, low, high);
  }

  async changes(chatId: ChatId, since: LogPosition, limit: number): Promise<ChangePage | 'gone' | undefined> {
    const chat = this.#chats.chat(chatId);
    if (chat === undefined) return undefined;
    return since.rev + 1 < chat.first_rev ? 'gone' : this.#log.after(chatId, chat, since, limit);
  }

  async chatsOf(request: ChatListRequest): Promise<readonly ChatSummary[]> {
    return this.#list(request);
  }

  async readMarker(chatId: ChatId, userId: UserId): Promise<ReadMarker> {
    return this.#readMarker(chatId, userId);
  }

  async entryOf(chatId: ChatId, senderId: UserId, clientMessageId: ClientMessageId): Promise<Entry | undefined> {
    const chat = this.#chats.chat(chatId);
    if (chat === undefined) return undefined;
    const source: KeySource = {
      recent: this.#keys.recent(chatId, chat),
      nextRev: chat.next_rev,
      keyBlocks: async (before, since, maxEntries) => this.#keys.blocks(chatId, chat, before, since, maxEntries),
      entryAt: async (position) => this.#log.entryAt(chatId, position),
    };
    return findEntry(source, senderId, clientMessageId);
  }

  async oldestBuckets(chatId: ChatId, limit: number): Promise<readonly OpenBucket[]> {
    return this.#log.buckets(chatId, limit);
  }

  async integrity(chatId: ChatId): Promise<readonly BucketIntegrity[]> {
    const chat = this.#chats.chat(chatId);
    return chat === undefined ? [] : this.#log.integrity(chatId, chat);
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    return this.#home.get(chatId)?.shard as ShardNumber | undefined;
  }

  async ping(): Promise<void> {
    this.#ping.get();
  }
}
