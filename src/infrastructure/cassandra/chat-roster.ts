import { type ChatKind, type ChatSettings, defaultSettings } from '../../domain/chat/chat-state.ts';
import type { Member } from '../../domain/chat/roster.ts';
import { type ChatId, micros, type Rev, rev, type Seq, seq, type UserId, userId } from '../../domain/ids.ts';
import type { Row } from './client.ts';
import { type DataAccess, numberOf } from './data-access.ts';

/** The statics of `chats`. */
export type ChatFacts = {
  readonly kind: ChatKind;
  readonly creatorId: UserId;
  readonly settings: ChatSettings;
  readonly large: boolean;
  readonly currentBucket: number;
  readonly firstBucket: number;
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
};

const factColumns = 'settings, updated_settings, large, current_bucket, first_bucket, first_seq, first_rev';
const memberColumns = 'role, from_seq, from_rev, muted_until, hides';

/** With the settings on every row, a roster of 10,000 would carry them 10,000 times; most chats are small, and are one read. */
const membersWithFacts = 20;

/** Settings and members, as rows turned into values. Nothing here is cached. */
export class ChatRoster {
  readonly #data: DataAccess;

  constructor(data: DataAccess) {
    this.#data = data;
  }

  async facts(chatId: ChatId): Promise<ChatFacts | undefined> {
    const query = `SELECT DISTINCT chat_id, ${factColumns} FROM chats WHERE chat_id = ?`;
    return factsOf(await this.#data.row(query, [chatId]));
  }

  /** The members are those of one moment: the creator first, then in the order of ids. */
  async whole(chatId: ChatId): Promise<{ facts: ChatFacts; members: Map<UserId, Member> } | undefined> {
    const first = `SELECT user_id, ${factColumns}, ${memberColumns} FROM chats WHERE chat_id = ? LIMIT ?`;
    const some = await this.#data.rows(first, [chatId, membersWithFacts]);
    const facts = factsOf(some[0]);
    if (facts === undefined) return undefined;
    const all = `SELECT user_id, ${memberColumns} FROM chats WHERE chat_id = ?`;
    const rows = some.length < membersWithFacts ? some : await this.#data.rows(all, [chatId]);
    const members = new Map<UserId, Member>();
    const creator = rows.find((row) => row.user_id === facts.creatorId);
    for (const row of creator === undefined ? rows : [creator, ...rows.filter((row) => row !== creator)])
      if (isMember(row)) members.set(userId(row.user_id), memberOf(row));
    return { facts, members };
  }

  async standing(chatId: ChatId, id: UserId): Promise<{ facts: ChatFacts; member: Member | undefined } | undefined> {
    const query = `SELECT ${factColumns}, ${memberColumns} FROM chats WHERE chat_id = ? AND user_id = ?`;
    const row = await this.#data.row(query, [chatId, id]);
    // A row that is not there brings no statics along: a stranger, or no chat at all.
    const facts = factsOf(row) ?? (await this.facts(chatId));
    return facts && { facts, member: row !== undefined && isMember(row) ? memberOf(row) : undefined };
  }
}

/** Undefined while the chat is being written for the first time: its settings come last. */
const factsOf = (row: Row | undefined): ChatFacts | undefined => {
  if (!row?.settings) return undefined;
  const { v, kind, creatorId, ...created } = JSON.parse(row.settings);
  return {
    kind,
    creatorId,
    settings: { ...defaultSettings, ...created, ...(row.updated_settings && JSON.parse(row.updated_settings)) },
    large: row.large ?? false,
    currentBucket: row.current_bucket ?? 0,
    firstBucket: row.first_bucket ?? 0,
    firstSeq: seq(row.first_seq === null ? 1 : numberOf(row.first_seq)),
    firstRev: rev(row.first_rev === null ? 1 : numberOf(row.first_rev)),
  };
};

/** A partition with statics and no rows answers with one row of nothing but statics. */
const isMember = (row: Row): boolean => row.role !== null;

const memberOf = (row: Row): Member => ({
  role: row.role,
  fromSeq: seq(row.from_seq === null ? 1 : numberOf(row.from_seq)),
  fromRev: rev(row.from_rev === null ? 1 : numberOf(row.from_rev)),
  mutedUntil: row.muted_until === null || numberOf(row.muted_until) === 0 ? null : micros(numberOf(row.muted_until)),
  hides: row.hides ?? false,
});
