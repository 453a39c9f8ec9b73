import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Decision } from '../../application/decision.ts';
import type { ChatSnapshot, KeyBlock, SessionLost } from '../../application/ports/chat-store.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Role } from '../../domain/chat/roster.ts';
import type { UserId } from '../../domain/ids.ts';
import { type ChatId, type Micros, micros, type Rev, rev, type Seq, type ShardNumber, seq } from '../../domain/ids.ts';
import { GroupCommit, type GroupCommitOptions } from '../memory/group-commit.ts';
import { blockStarts } from '../memory/key-blocks.ts';
import type { EndableStore } from '../memory/single-process-ownership.ts';
import { chatRows } from './chat-rows.ts';
import { changeOf, postColumns, postOf } from './entry-rows.ts';
import { keyRows } from './key-rows.ts';
import { projection } from './projection.ts';

export class SqliteChatStore implements EndableStore {
  readonly #chats: ReturnType<typeof chatRows>;
  readonly #keys: ReturnType<typeof keyRows>;
  readonly #home: StatementSync;
  readonly #claimHome: StatementSync;
  readonly #bucket: StatementSync;
  readonly #post: StatementSync;
  readonly #change: StatementSync;
  readonly #commits: GroupCommit;

  constructor(database: DatabaseSync, onRetry: GroupCommitOptions['onRetry']) {
    this.#chats = chatRows(database);
    this.#keys = keyRows(database);
    this.#home = database.prepare('SELECT shard FROM chat_homes WHERE chat_id = ?');
    this.#claimHome = database.prepare('INSERT INTO chat_homes (chat_id, shard) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#bucket = database.prepare('SELECT * FROM chat_buckets WHERE chat_id = ? AND bucket = ?');
    this.#post = database.prepare(`SELECT ${postColumns} FROM messages WHERE chat_id = ? AND seq = ?`);
    this.#change = database.prepare('SELECT * FROM changes WHERE chat_id = ? AND rev = ?');
    this.#commits = new GroupCommit({ write: projection(database), onRetry });
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
    const members = this.#chats.members(chatId, chat.creator_id);
    const bucket = this.#bucket.get(chatId, chat.bucket)!;
    return {
      state: {
        id: chatId,
        kind: chat.kind,
        title: chat.title,
        roster: new Map<UserId, Role>(members.map(({ user_id, role }) => [user_id, role])),
        nextSeq: seq(chat.next_seq),
        nextRev: rev(chat.next_rev),
      },
      bucket: {
        bucket: chat.bucket,
        firstSeq: seq(bucket.first_seq as number),
        firstRev: rev(bucket.first_rev as number),
        startedAt: micros(bucket.started_at as number),
      },
      recent: this.#keys.recent(chatId, chat),
    };
  }

  async keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]> {
    const oldest = this.#keys.firstRevSince(chatId, since);
    return blockStarts(before, oldest, maxEntries).map((firstRev) => ({
      firstRev,
      blob: this.#keys.block(chatId, firstRev),
    }));
  }

  async entryAt(chatId: ChatId, position: { rev: Rev; seq: Seq | undefined }): Promise<Entry | undefined> {
    if (position.seq === undefined) {
      const row = this.#change.get(chatId, position.rev);
      return row && changeOf(chatId, row);
    }
    const row = this.#post.get(chatId, position.seq);
    return row?.rev === position.rev ? postOf(chatId, row) : undefined;
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
