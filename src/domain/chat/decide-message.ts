import type { Micros, UserId } from '../ids.ts';
import { formatMicros } from '../time.ts';
import type { ChatState } from './chat-state.ts';
import {
  type DeleteMessage,
  type EditMessage,
  type EraseMessages,
  maxBodyBytes,
  maxEmoji,
  type PostMessage,
  type React,
} from './command.ts';
import type { MessageState, Target } from './message-state.ts';
import { seedReasons } from './rejection.ts';
import type { Roster } from './roster.ts';
import { isSystem } from './system-sender.ts';
import { utf8Bytes } from './text.ts';
import { accepted, entryBase, type Grounds, recipientsOf, rejected, type Verdict } from './verdict.ts';

export const postMessage = (chat: ChatState, command: PostMessage, { access, receipt, at }: Grounds): Verdict => {
  if (!recipientFits(chat.roster, command)) return rejected('NOT_A_MEMBER', seedReasons.notRelated);
  const tooLarge = tooLargeBody(command.body);
  if (tooLarge !== undefined) return tooLarge;
  const { extras } = command;
  if (extras?.replyTo != null && !isVisible(chat, command.senderId, extras.replyTo))
    return rejected('TARGET_NOT_FOUND', 'There is no such message to reply to.');
  if (extras?.mentions.some((id) => !chat.roster.has(id)))
    return rejected('VALIDATION_FAILED', 'Somebody mentioned is not a member of the chat.');
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  const waitMs = slowModeWaitMs(chat, command.senderId, at);
  if (waitMs > 0) return rejected('SLOW_MODE', 'The chat is in slow mode.', waitMs);
  // What entryBase says, in one piece: most entries are posts.
  return accepted({
    type: 'message.posted',
    chatId: command.chatId,
    rev: chat.nextRev,
    senderId: command.senderId,
    clientMessageId: command.clientMessageId,
    fingerprint: command.fingerprint,
    sentAt: command.sentAt ?? formatMicros(at),
    at,
    recipients: recipientsOf(chat),
    seq: chat.nextSeq,
    body: command.body,
    recipientId: chat.kind === 'direct' ? otherMember(chat.roster, command.senderId) : null,
    extras,
    receipt,
  });
};

type AboutMessage = EditMessage | DeleteMessage | EraseMessages | React;

export const decideAboutMessage = (chat: ChatState, command: AboutMessage, grounds: Grounds): Verdict => {
  if (command.type === 'message.erase') return eraseMessages(chat, command, grounds);
  const target = grounds.targets.get(command.seq);
  if (target === undefined || !isVisible(chat, command.senderId, command.seq))
    return rejected('TARGET_NOT_FOUND', 'There is no such message.');
  const { access } = grounds;
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  const { removed } = target.message;
  if (removed !== null) return rejected('TARGET_DELETED', `The message was ${removed}.`);
  switch (command.type) {
    case 'message.edit':
      return editMessage(chat, command, grounds, target.message);
    case 'message.delete':
      return deleteMessage(chat, command, grounds, target.message);
    default:
      return react(chat, command, grounds, target);
  }
};

const editMessage = (chat: ChatState, command: EditMessage, grounds: Grounds, message: MessageState): Verdict => {
  const tooLarge = tooLargeBody(command.body);
  if (tooLarge !== undefined) return tooLarge;
  if (command.body === '') return rejected('VALIDATION_FAILED', 'A text cannot be edited away: delete the message.');
  if (command.ifVersion !== undefined && command.ifVersion !== message.version)
    return rejected('VERSION_CONFLICT', `The message has version ${message.version}, not ${command.ifVersion}.`);
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: 'message.edited',
    seq: command.seq,
    post: message.post,
    body: command.body,
    version: message.version + 1,
  });
};

const deleteMessage = (chat: ChatState, command: DeleteMessage, grounds: Grounds, message: MessageState): Verdict =>
  accepted({
    ...entryBase(command, grounds, chat.nextRev, command.scope === 'me' ? [command.senderId] : recipientsOf(chat)),
    type: 'message.deleted',
    seq: command.seq,
    post: message.post,
    version: message.version,
    scope: command.scope,
  });

const react = (chat: ChatState, command: React, grounds: Grounds, { message, own }: Target): Verdict => {
  const { emoji } = command;
  const adds = command.type === 'reaction.add';
  const had = own.includes(emoji);
  const counts = new Map(Object.entries(message.reactions));
  if (adds && !counts.has(emoji) && counts.size >= maxEmoji)
    return rejected('VALIDATION_FAILED', `A message has ${maxEmoji} different reactions at most.`);
  if (adds !== had) {
    const count = (counts.get(emoji) ?? 0) + (adds ? 1 : -1);
    if (count > 0) counts.set(emoji, count);
    else counts.delete(emoji);
  }
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: adds ? 'reaction.added' : 'reaction.removed',
    seq: command.seq,
    emoji,
    own: adds === had ? own : adds ? [...own, emoji].sort() : own.filter((one) => one !== emoji),
    counts: Object.fromEntries(counts),
  });
};

/** What is not this user's, is erased already or not kept any more is passed over: the same request may come again. */
const eraseMessages = (chat: ChatState, command: EraseMessages, grounds: Grounds): Verdict => {
  const { access, targets } = grounds;
  if (access.effect === 'deny') return rejected(access.code, access.reason);
  const isTheirs = (target: Target | undefined) =>
    target !== undefined &&
    target.message.seq >= chat.firstSeq &&
    target.message.removed !== 'erased' &&
    target.message.post.senderId === command.userId;
  const seqs = command.seqs.filter((seq) => isTheirs(targets.get(seq)));
  if (seqs.length === 0) return rejected('TARGET_NOT_FOUND', 'None of these messages is there to be erased.');
  return accepted({
    ...entryBase(command, grounds, chat.nextRev, recipientsOf(chat)),
    type: 'message.erased',
    userId: command.userId,
    seqs,
  });
};

const isVisible = ({ roster, firstSeq, nextSeq }: ChatState, user: UserId, seq: number): boolean =>
  seq < nextSeq &&
  seq >= firstSeq &&
  (isSystem(user) || seq >= (roster.get(user)?.fromSeq ?? Number.POSITIVE_INFINITY));

const tooLargeBody = (body: string) => {
  // No unit of UTF-16 takes more than three.
  if (body.length * 3 <= maxBodyBytes) return undefined;
  const bytes = utf8Bytes(body);
  return bytes > maxBodyBytes
    ? rejected('PAYLOAD_TOO_LARGE', `The text has ${bytes} bytes, ${maxBodyBytes} are allowed.`)
    : undefined;
};

/** Owners and admins do not wait. */
const slowModeWaitMs = ({ settings, roster, lastPostAt }: ChatState, user: UserId, at: Micros): number => {
  if (settings.slowModeMs === 0) return 0;
  const role = roster.get(user)?.role;
  const last = lastPostAt.get(user);
  if (last === undefined || role === 'owner' || role === 'admin') return 0;
  return Math.ceil(settings.slowModeMs - (at - last) / 1000);
};

/** The seed's senders name a recipient: the chat's users must then be exactly the two. */
const recipientFits = (roster: Roster, { senderId, recipientId }: PostMessage): boolean =>
  recipientId === undefined || (roster.has(recipientId) && roster.size === (recipientId === senderId ? 1 : 2));

const otherMember = (roster: Roster, sender: UserId): UserId => {
  for (const id of roster.keys()) if (id !== sender) return id;
  return sender;
};
