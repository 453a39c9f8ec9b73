import type { ChatId, ClientMessageId, Micros, Rev, Seq, UserId } from '../ids.ts';
import type { ChatKind } from './command.ts';
import type { Role } from './roster.ts';

/** A fact in a chat's log. Everything its event says is in it, so the event can be made again, byte for byte, at any time. */
type EntryBase = {
  readonly chatId: ChatId;
  readonly rev: Rev;
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly fingerprint: string;
  readonly sentAt: string;
  /** When it was decided. */
  readonly at: Micros;
  /** Who is to hear of it; null above `maxListedRecipients`. */
  readonly recipients: readonly UserId[] | null;
};

export type ChatCreated = EntryBase & {
  readonly type: 'chat.created';
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly members: readonly { readonly userId: UserId; readonly role: Role }[];
};

export type MessagePosted = EntryBase & {
  readonly type: 'message.posted';
  readonly seq: Seq;
  readonly body: string;
  /** The other member of a direct chat; null in groups. */
  readonly recipientId: UserId | null;
};

export type Entry = ChatCreated | MessagePosted;
