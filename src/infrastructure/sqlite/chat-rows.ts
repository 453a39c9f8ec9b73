import type { DatabaseSync } from 'node:sqlite';
import type { ChatKind, ChatSettings } from '../../domain/chat/chat-state.ts';
import type { Member, Role } from '../../domain/chat/roster.ts';
import { type ChatId, type Micros, type Rev, rev, type Seq, seq, type UserId } from '../../domain/ids.ts';

export type ChatRow = {
  readonly kind: ChatKind;
  /** JSON. */
  readonly settings: string;
  readonly creator_id: UserId;
  readonly bucket: number;
  readonly next_seq: Seq;
  readonly next_rev: Rev;
  readonly first_seq: Seq;
  readonly first_rev: Rev;
  readonly large: number;
};
export type MemberRow = {
  readonly user_id: UserId;
  readonly role: Role;
  readonly from_seq: number;
  readonly from_rev: number;
  readonly muted_until: Micros | null;
  readonly hides: number;
};

export const chatColumns = 'kind, settings, creator_id, bucket, next_seq, next_rev, first_seq, first_rev, large';
export const memberColumns = 'role, from_seq, from_rev, muted_until, hides';

export const settingsOf = ({ settings }: Pick<ChatRow, 'settings'>): ChatSettings => JSON.parse(settings);

export const memberOf = (row: Omit<MemberRow, 'user_id'>): Member => ({
  role: row.role,
  fromSeq: seq(row.from_seq),
  fromRev: rev(row.from_rev),
  mutedUntil: row.muted_until,
  hides: row.hides === 1,
});

/** Settings, head and roster. */
export const chatRows = (database: DatabaseSync) => {
  const selectChat = database.prepare(`SELECT ${chatColumns} FROM chats WHERE chat_id = ?`);
  const selectMembers = database.prepare(
    `SELECT user_id, ${memberColumns} FROM members WHERE chat_id = ? ORDER BY user_id <> ?, user_id`,
  );
  const selectMember = database.prepare(`SELECT ${memberColumns} FROM members WHERE chat_id = ? AND user_id = ?`);
  return {
    chat: (chatId: ChatId) => selectChat.get(chatId) as ChatRow | undefined,
    /** The creator first, then in the order of their ids. */
    members: (chatId: ChatId, creatorId: UserId): [UserId, Member][] =>
      (selectMembers.all(chatId, creatorId) as unknown as MemberRow[]).map((row) => [row.user_id, memberOf(row)]),
    member: (chatId: ChatId, userId: UserId): Member | undefined => {
      const row = selectMember.get(chatId, userId) as MemberRow | undefined;
      return row && memberOf(row);
    },
  };
};
