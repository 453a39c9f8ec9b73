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
  shardNumber,
  type UserId,
} from '../../domain/ids.ts';
import { integrityOf } from '../store-kit/bucket-integrity.ts';
import { findEntry } from '../store-kit/find-entry.ts';
import { readChanges } from './changes-reader.ts';
import { readChatList } from './chat-list-reader.ts';
import type { Head } from './chat-log.ts';
import { type ChatTables, chatTables } from './chat-tables.ts';
import type { DataAccess } from './data-access.ts';
import { CassandraUnavailable } from './failures.ts';
import { KnownBuckets } from './known-buckets.ts';
import { NewestPages } from './newest-pages.ts';
import { readPage } from './page-reader.ts';
import { readMarker } from './read-markers.ts';
import { SingleFlight } from './single-flight.ts';

/** The newest pages of some hundred chats. */
const keptPagesBytes = 32 * 1024 * 1024;
/** Those of 200 chats of ten million messages: some 10 MB. */
const mostKnownBuckets = 100_000;

export class CassandraChatReader implements ChatReader {
  readonly #data: DataAccess;
  readonly #tables: ChatTables;
  readonly #flights = new SingleFlight();
  readonly #newest: NewestPages;
  readonly #buckets = new KnownBuckets(mostKnownBuckets);

  /** Newest pages answered from memory, so far. */
  get keptPages(): number {
    return this.#newest.hits;
  }

  /** Reads answered together with another one, so far. */
  get coalescedReads(): number {
    return this.#flights.joined;
  }

  /** `mostBytes`: what kept newest pages may take; one is none, for every page is larger. */
  constructor(data: DataAccess, mostBytes = keptPagesBytes) {
    this.#data = data;
    this.#tables = chatTables(data);
    this.#newest = new NewestPages(mostBytes);
  }

  chat(chatId: ChatId): Promise<ChatView | undefined> {
    return this.#flights.run(`chat ${chatId}`, () => this.#chat(chatId));
  }

  async standing(chatId: ChatId, userId: UserId, withNewest = false): Promise<Standing | undefined> {
    const { roster, log } = this.#tables;
    const kept = withNewest ? this.#newest.bucketOf(chatId) : undefined;
    const [found, head] = await Promise.all([
      this.#flights.run(`standing ${chatId} ${userId}`, () => roster.standing(chatId, userId)),
      kept === undefined ? undefined : this.#flights.run(`end ${chatId} ${kept}`, () => log.head(chatId, kept)),
    ]);
    if (found === undefined) return undefined;
    const { kind, settings, firstSeq, firstRev, firstBucket, currentBucket: openBucket } = found.facts;
    const extent = { firstBucket, openBucket, nextRev: kept === openBucket ? head?.nextRev : undefined };
    return { kind, settings, firstSeq, firstRev, member: found.member, extent };
  }

  head(chatId: ChatId): Promise<LogPosition | undefined> {
    return this.#flights.run(`head ${chatId}`, async () => {
      const facts = await this.#tables.roster.facts(chatId);
      if (facts === undefined) return undefined;
      const { nextSeq, nextRev } = await this.#head(chatId, facts.currentBucket);
      return { rev: rev(nextRev - 1), seq: seq(nextSeq - 1) };
    });
  }

  async page(request: PageRequest): Promise<MessagePage | undefined> {
    const { chatId, anchor, limit, fromSeq, extent } = request;
    const isNewest = anchor.at === 'newest';
    const kept = isNewest && extent ? this.#newest.find(request, extent) : undefined;
    if (kept !== undefined) return kept;
    const where = isNewest ? '' : anchor.at === 'time' ? anchor.time : anchor.seq;
    const flight = `page ${chatId} ${fromSeq} ${limit} ${anchor.at} ${where} ${extent?.openBucket}`;
    return this.#flights.run(flight, async () => {
      if (extent === undefined) return this.#page(request);
      const { log } = this.#tables;
      if (!isNewest) return readPage(log, this.#buckets, request, extent);
      const newest = await log.newest(chatId, extent.openBucket, limit);
      if (newest === undefined) return this.#page(request);
      return this.#newest.keep(request, newest) ?? readPage(log, this.#buckets, request, extent, newest);
    });
  }

  async message(chatId: ChatId, at: Seq): Promise<MessageView | undefined> {
    const { log } = this.#tables;
    const bucket = await log.bucketOf(chatId, at);
    return bucket === undefined ? undefined : (await log.messages(chatId, bucket, at, at))[0];
  }

  async versions(chatId: ChatId, at: Seq): Promise<readonly MessageVersion[]> {
    const { log, annex } = this.#tables;
    const bucket = await log.bucketOf(chatId, at);
    if (bucket === undefined) return [];
    const [first, later] = await Promise.all([log.post(chatId, bucket, at), annex.versions(chatId, bucket, at)]);
    return first === undefined ? [] : [{ version: 1, body: first.body, at: first.at, by: first.senderId }, ...later];
  }

  async reactions(chatId: ChatId, at: Seq) {
    const bucket = await this.#tables.log.bucketOf(chatId, at);
    return bucket === undefined ? [] : this.#tables.annex.reactions(chatId, bucket, at);
  }

  async hidden(chatId: ChatId, userId: UserId, low: Seq, high: Seq): Promise<ReadonlySet<Seq>> {
    const { annex, roster } = this.#tables;
    const [hidden, facts] = await Promise.all([annex.hidden(chatId, userId, low, high), roster.facts(chatId)]);
    // These rows lie in no bucket, so they are not dropped with one.
    return new Set([...hidden].filter((at) => at >= (facts?.firstSeq ?? 1)));
  }

  changes(chatId: ChatId, since: LogPosition, limit: number): Promise<ChangePage | 'gone' | undefined> {
    return this.#flights.run(`changes ${chatId} ${since.rev} ${since.seq} ${limit}`, () =>
      readChanges(this.#tables, chatId, since, limit),
    );
  }

  chatsOf(request: ChatListRequest): Promise<readonly ChatSummary[]> {
    return readChatList(this.#tables, this.#data, request);
  }

  readMarker(chatId: ChatId, userId: UserId): Promise<ReadMarker> {
    return readMarker(this.#data, chatId, userId);
  }

  async entryOf(chatId: ChatId, senderId: UserId, clientMessageId: ClientMessageId): Promise<Entry | undefined> {
    const { roster, entries } = this.#tables;
    const facts = await roster.facts(chatId);
    if (facts === undefined) return undefined;
    const { head, recent } = await entries.tail(chatId, facts.currentBucket);
    return findEntry(
      {
        recent,
        nextRev: head.nextRev,
        keyBlocks: (before, since, maxEntries) => entries.keyBlocks(chatId, before, since, maxEntries),
        entryAt: (position) => entries.at(chatId, position),
      },
      senderId,
      clientMessageId,
    );
  }

  oldestBuckets(chatId: ChatId, limit: number): Promise<readonly OpenBucket[]> {
    return this.#tables.log.bucketsFrom(chatId, 0, limit);
  }

  /** One bucket after the other: each is read as a whole. */
  async integrity(chatId: ChatId): Promise<readonly BucketIntegrity[]> {
    const { log, keys } = this.#tables;
    const buckets = (await log.bucketsBack(chatId, () => false)).reverse();
    const found: BucketIntegrity[] = [];
    for (const [index, bucket] of buckets.entries()) {
      const next = buckets[index + 1];
      const head = next === undefined ? await this.#head(chatId, bucket.bucket) : undefined;
      const below = next ?? { firstSeq: head!.nextSeq, firstRev: head!.nextRev };
      const { posts, changes } = await keys.positions(chatId, bucket.bucket);
      // What was written after the head was read is not missed, nor counted.
      found.push(
        integrityOf(bucket, below, {
          posts: posts.filter(({ seq }) => seq < below.firstSeq),
          changes: changes.filter((rev) => rev < below.firstRev),
        }),
      );
    }
    return found;
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    const row = await this.#data.row('SELECT shard FROM chat_homes WHERE chat_id = ?', [chatId]);
    return row && shardNumber(row.shard);
  }

  async ping(): Promise<void> {
    await this.#data.rows('SELECT key FROM system.local', []);
  }

  async #chat(chatId: ChatId): Promise<ChatView | undefined> {
    const found = await this.#tables.roster.whole(chatId);
    if (found === undefined) return undefined;
    const { kind, settings, currentBucket, firstSeq, firstRev } = found.facts;
    const { nextSeq, nextRev } = await this.#head(chatId, currentBucket);
    const members = Array.from(found.members, ([userId, member]) => ({ userId, ...member }));
    return { id: chatId, kind, settings, members, lastSeq: nextSeq - 1, rev: rev(nextRev - 1), firstSeq, firstRev };
  }

  /** Wherever the chat's log goes by now. */
  async #page(request: PageRequest): Promise<MessagePage | undefined> {
    const facts = await this.#tables.roster.facts(request.chatId);
    if (facts === undefined) return undefined;
    const { firstBucket, currentBucket: openBucket, firstSeq } = facts;
    const fromSeq = seq(Math.max(request.fromSeq, firstSeq));
    return readPage(this.#tables.log, this.#buckets, { ...request, fromSeq }, { firstBucket, openBucket });
  }

  async #head(chatId: ChatId, bucket: number): Promise<Head> {
    const head = await this.#tables.log.head(chatId, bucket);
    if (head === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${bucket} has no head`);
    return head;
  }
}
