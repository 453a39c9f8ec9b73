import type { ChatId, ClientMessageId, UserId } from '../ids.ts';

/** What every command carries. (chatId, senderId, clientMessageId) makes it idempotent. */
type CommandBase = {
  readonly chatId: ChatId;
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
  /** Digest of everything that the command asks for; the same id with another fingerprint is a reused id. */
  readonly fingerprint: string;
  /** The sender's clock, passed through as text. */
  readonly sentAt: string | undefined;
};

export type ChatKind = 'direct' | 'group';

export type CreateChat = CommandBase & {
  readonly type: 'chat.create';
  readonly kind: ChatKind;
  readonly title: string | undefined;
  /** Without repeats; the creator is a member whether listed or not. */
  readonly memberIds: readonly UserId[];
};

export type PostMessage = CommandBase & {
  readonly type: 'message.post';
  readonly body: string;
  /** Named by senders of the seed's form only; the set {sender, recipient} must then be the chat's. */
  readonly recipientId: UserId | undefined;
  /** True when the command came without a `type`, as the seed's senders write it. */
  readonly seedForm: boolean;
};

export type Command = CreateChat | PostMessage;

export const maxMembers = 10_000;
/** UTF-8 bytes of a message's text. */
export const maxBodyBytes = 8 * 1024;
export const maxTitleLength = 200;
/** Above this many members an event does not list its recipients. */
export const maxListedRecipients = 100;
