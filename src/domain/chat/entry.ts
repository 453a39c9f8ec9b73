import type { DecisionReceipt } from '../access/decision-receipt.ts';
import type { ChatId, ClientMessageId, Micros, Rev, Seq, UserId } from '../ids.ts';
import type { ChatKind, ChatSettings } from './chat-state.ts';
import type { Role } from './roster.ts';

/** A fact in a chat's log. Everything its event says is in it, so the event can be made again, byte for byte, at any time. */
type EntryBase = {
  readonly chatId: ChatId;
  readonly rev: Rev;
  /** Who acted. */
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly fingerprint: string;
  readonly sentAt: string;
  /** When it was decided. */
  readonly at: Micros;
  /** Who is to hear of it; null above `maxListedRecipients`. */
  readonly recipients: readonly UserId[] | null;
  /** The policy's word. The first entries were made without. */
  readonly receipt?: DecisionReceipt;
};

/** Metadata of a file that lies elsewhere. */
export type Attachment = {
  readonly url: string;
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
};

/** What a message has besides its text. */
export type Extras = {
  readonly replyTo: Seq | null;
  readonly mentions: readonly UserId[];
  readonly mentionsAll: boolean;
  readonly attachments: readonly Attachment[];
};

export type ChatCreated = EntryBase & {
  readonly type: 'chat.created';
  readonly kind: ChatKind;
  readonly settings: ChatSettings;
  readonly members: readonly { readonly userId: UserId; readonly role: Role }[];
};

/** All settings, as they are from here on. */
export type ChatUpdated = EntryBase & { readonly type: 'chat.updated'; readonly settings: ChatSettings };

/** Nothing below is kept: neither the messages below `firstSeq` nor the entries below `firstRev`, nor the buckets below `bucket`. */
export type ChatTrimmed = EntryBase & {
  readonly type: 'chat.trimmed';
  readonly bucket: number;
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
};

export type MemberAdded = EntryBase & {
  readonly type: 'member.added';
  readonly userId: UserId;
  readonly role: Role;
  /** Where what they see begins. */
  readonly fromSeq: Seq;
  readonly fromRev: Rev;
  /** The chat has become large with this one: everybody who is in it, else null. */
  readonly becameLarge: readonly UserId[] | null;
};
export type MemberRemoved = EntryBase & { readonly type: 'member.removed'; readonly userId: UserId };
export type RoleSet = EntryBase & { readonly type: 'member.role_set'; readonly userId: UserId; readonly role: Role };
export type MemberMuted = EntryBase & {
  readonly type: 'member.muted';
  readonly userId: UserId;
  readonly until: Micros | null;
};

export type MessagePosted = EntryBase & {
  readonly type: 'message.posted';
  readonly seq: Seq;
  readonly body: string;
  /** The other member of a direct chat; null in groups. */
  readonly recipientId: UserId | null;
  /** Null for a message that is nothing but text. */
  readonly extras: Extras | null;
};

/** What an entry about a message repeats of its post, since its event shows the message. */
export type PostedFields = Pick<
  MessagePosted,
  'senderId' | 'clientMessageId' | 'sentAt' | 'at' | 'recipientId' | 'extras'
>;

export type MessageEdited = EntryBase & {
  readonly type: 'message.edited';
  readonly seq: Seq;
  readonly post: PostedFields;
  readonly body: string;
  /** The post is 1. */
  readonly version: number;
};

/** For everyone: a stub stays and the seq is kept. For `me`: only the one who acted no longer sees it. */
export type MessageDeleted = EntryBase & {
  readonly type: 'message.deleted';
  readonly seq: Seq;
  readonly post: PostedFields;
  readonly version: number;
  readonly scope: 'everyone' | 'me';
};

/** The texts, all their versions and what hung on them are gone for good. */
export type MessagesErased = EntryBase & {
  readonly type: 'message.erased';
  readonly userId: UserId;
  readonly seqs: readonly Seq[];
};

export type ReactionChanged = EntryBase & {
  readonly type: 'reaction.added' | 'reaction.removed';
  readonly seq: Seq;
  readonly emoji: string;
  /** All of the sender's on this message, from here on. */
  readonly own: readonly string[];
  /** Of everybody, by emoji, from here on. */
  readonly counts: Readonly<Record<string, number>>;
};

export type Entry =
  | ChatCreated
  | ChatUpdated
  | ChatTrimmed
  | MemberAdded
  | MemberRemoved
  | RoleSet
  | MemberMuted
  | MessagePosted
  | MessageEdited
  | MessageDeleted
  | MessagesErased
  | ReactionChanged;

/** Every kind of entry but posts. */
export type Change = Exclude<Entry, MessagePosted>;
