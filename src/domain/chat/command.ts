import type { ChatId, ClientMessageId, Micros, Rev, Seq, UserId } from '../ids.ts';
import type { ChatKind, ChatSettings } from './chat-state.ts';
import type { Extras } from './entry.ts';
import type { Role } from './roster.ts';

/** What every command carries. (chatId, senderId, clientMessageId) makes it idempotent. */
type CommandBase = {
  readonly chatId: ChatId;
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
  /** Digest of everything that the command asks for; the same id with another fingerprint is a reused id. */
  readonly fingerprint: string;
  /** The sender's clock, passed through as text. */
  readonly sentAt: string | undefined;
  /** Who acts, when that is not the sender but the service itself on the sender's behalf. Recorded with what comes of it. */
  readonly actedBy?: UserId | undefined;
};

export type CreateChat = CommandBase & {
  readonly type: 'chat.create';
  readonly kind: ChatKind;
  readonly settings: Partial<ChatSettings>;
  /** Without repeats; the creator is a member whether listed or not. */
  readonly memberIds: readonly UserId[];
};

/** Settings that are not named stay as they are. */
export type UpdateChat = CommandBase & { readonly type: 'chat.update'; readonly settings: Partial<ChatSettings> };

export type AddMember = CommandBase & { readonly type: 'member.add'; readonly userId: UserId; readonly role: Role };
/** Oneself too: that is leaving. */
export type RemoveMember = CommandBase & { readonly type: 'member.remove'; readonly userId: UserId };
export type SetRole = CommandBase & { readonly type: 'member.set_role'; readonly userId: UserId; readonly role: Role };
/** `until` null ends it. */
export type MuteMember = CommandBase & {
  readonly type: 'member.mute';
  readonly userId: UserId;
  readonly until: Micros | null;
};

export type PostMessage = CommandBase & {
  readonly type: 'message.post';
  readonly body: string;
  readonly extras: Extras | null;
  /** Named by senders of the seed's form only; the set {sender, recipient} must then be the chat's. */
  readonly recipientId: UserId | undefined;
  /** True when the command came without a `type`, as the seed's senders write it. */
  readonly seedForm: boolean;
};

export type EditMessage = CommandBase & {
  readonly type: 'message.edit';
  readonly seq: Seq;
  readonly body: string;
  /** Refused when the message has another version by now. */
  readonly ifVersion: number | undefined;
};

export type DeleteMessage = CommandBase & {
  readonly type: 'message.delete';
  readonly seq: Seq;
  readonly scope: 'everyone' | 'me';
};

/** Blanks messages of one user for good. The service's own operators only. */
export type EraseMessages = CommandBase & {
  readonly type: 'message.erase';
  readonly userId: UserId;
  readonly seqs: readonly Seq[];
};

export type React = CommandBase & {
  readonly type: 'reaction.add' | 'reaction.remove';
  readonly seq: Seq;
  readonly emoji: string;
};

/** Drops everything below a bucket's beginning (retention). The service itself only. */
export type TrimChat = CommandBase & {
  readonly type: 'chat.trim';
  readonly bucket: number;
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
};

export type Command =
  | CreateChat
  | UpdateChat
  | TrimChat
  | AddMember
  | RemoveMember
  | SetRole
  | MuteMember
  | PostMessage
  | EditMessage
  | DeleteMessage
  | EraseMessages
  | React;

export const maxMembers = 10_000;
/** UTF-8 bytes of a message's text. */
export const maxBodyBytes = 8 * 1024;
export const maxTitleLength = 200;
/** Above this many members an event does not list its recipients. */
export const maxListedRecipients = 100;
export const maxAttachments = 10;
export const maxMentions = 50;
/** Different emoji on one message. */
export const maxEmoji = 20;
/** UTF-8 bytes of one emoji. */
export const maxEmojiBytes = 32;
export const maxSlowModeMs = 6 * 3600 * 1000;
export const maxRetentionDays = 3_650;
export const maxErasedAtOnce = 100;
/** Buckets that one trim drops: each is half a dozen partitions, all in one decision. What remains is for the next trim. */
export const maxTrimmedBuckets = 50;
/** Commands of one batch. */
export const maxBatchCommands = 64;

const none: readonly Seq[] = [];

/** The messages a command is about, which must be there already. */
export const targetsOf = (command: Command): readonly Seq[] => {
  switch (command.type) {
    case 'message.edit':
    case 'message.delete':
    case 'reaction.add':
    case 'reaction.remove':
      return [command.seq];
    case 'message.erase':
      return command.seqs;
    default:
      return none;
  }
};

/** True for commands after which the roster or the settings may be others: the next one is authorised anew. */
export const changesAccess = ({ type }: Command): boolean => type.startsWith('chat.') || type.startsWith('member.');
