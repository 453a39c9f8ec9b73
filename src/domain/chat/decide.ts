import type { AccessDecision } from '../access/access-request.ts';
import { type Micros, rev, seq, type UserId } from '../ids.ts';
import { formatMicros } from '../time.ts';
import type { ChatState } from './chat-state.ts';
import {
  type Command,
  type CreateChat,
  maxBodyBytes,
  maxListedRecipients,
  maxMembers,
  maxTitleLength,
  type PostMessage,
} from './command.ts';
import type { ChatCreated, Entry, MessagePosted } from './entry.ts';
import { type Rejection, seedReasons } from './rejection.ts';
import type { Role, Roster } from './roster.ts';
import { utf8Bytes } from './text.ts';

export type Verdict =
  | { readonly kind: 'accepted'; readonly entries: readonly Entry[] }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  /** Asked for something that is there already: its first entry answers. */
  | { readonly kind: 'exists' };

/** What a command makes of a chat, given the policy's word at this very state. */
export const decide = (chat: ChatState | undefined, command: Command, access: AccessDecision, at: Micros): Verdict => {
  switch (command.type) {
    case 'chat.create':
      return createChat(chat, command, access, at);
    case 'message.post':
      return postMessage(chat, command, access, at);
  }
};

const rejected = (rejection: Rejection): Verdict => ({ kind: 'rejected', rejection });

const createChat = (chat: ChatState | undefined, command: CreateChat, access: AccessDecision, at: Micros): Verdict => {
  if (chat !== undefined) {
    if (chat.kind === 'direct' && command.kind === 'direct' && chat.roster.has(command.senderId))
      return { kind: 'exists' };
    return rejected({ code: 'FORBIDDEN', reason: 'A chat with this id exists already.' });
  }
  // In the order that stores hand a roster out: what events list does not depend on where the roster came from.
  const others = command.memberIds.filter((id) => id !== command.senderId).sort();
  const invalid = invalidChat(command, others.length);
  if (invalid !== undefined) return rejected({ code: 'VALIDATION_FAILED', reason: invalid });
  if (access.effect === 'deny') return rejected(access);
  const members: ChatCreated['members'] = [
    { userId: command.senderId, role: 'owner' },
    ...others.map((userId) => ({ userId, role: 'member' as const })),
  ];
  const entry: ChatCreated = {
    type: 'chat.created',
    chatId: command.chatId,
    rev: rev(1),
    senderId: command.senderId,
    clientMessageId: command.clientMessageId,
    fingerprint: command.fingerprint,
    sentAt: command.sentAt ?? formatMicros(at),
    at,
    recipients: listRecipients(members.map((member) => member.userId)),
    kind: command.kind,
    title: command.title ?? null,
    members,
  };
  return { kind: 'accepted', entries: [entry] };
};

const invalidChat = ({ kind, title }: CreateChat, others: number): string | undefined => {
  if (kind === 'direct' && others > 1) return 'A direct chat has two users at most.';
  if (others + 1 > maxMembers) return `A chat has ${maxMembers} members at most.`;
  if (title !== undefined && title.length > maxTitleLength) return `A title has ${maxTitleLength} characters at most.`;
  return undefined;
};

const postMessage = (
  chat: ChatState | undefined,
  command: PostMessage,
  access: AccessDecision,
  at: Micros,
): Verdict => {
  if (chat === undefined) return rejected({ code: 'CHAT_NOT_FOUND', reason: seedReasons.chatNotFound });
  if (!chat.roster.has(command.senderId) || !recipientFits(chat.roster, command)) {
    return rejected({ code: 'NOT_A_MEMBER', reason: seedReasons.notRelated });
  }
  const bytes = utf8Bytes(command.body);
  if (bytes > maxBodyBytes) {
    return rejected({ code: 'PAYLOAD_TOO_LARGE', reason: `The text has ${bytes} bytes, ${maxBodyBytes} are allowed.` });
  }
  if (access.effect === 'deny') return rejected(access);
  const entry: MessagePosted = {
    type: 'message.posted',
    chatId: chat.id,
    rev: chat.nextRev,
    seq: chat.nextSeq,
    senderId: command.senderId,
    clientMessageId: command.clientMessageId,
    fingerprint: command.fingerprint,
    sentAt: command.sentAt ?? formatMicros(at),
    at,
    recipients: recipientsOf(chat.roster),
    body: command.body,
    recipientId: chat.kind === 'direct' ? otherMember(chat.roster, command.senderId) : null,
  };
  return { kind: 'accepted', entries: [entry] };
};

/** The seed's senders name a recipient: the chat's users must then be exactly the two. */
const recipientFits = (roster: Roster, { senderId, recipientId }: PostMessage): boolean =>
  recipientId === undefined || (roster.has(recipientId) && roster.size === (recipientId === senderId ? 1 : 2));

const otherMember = (roster: Roster, sender: UserId): UserId => {
  for (const id of roster.keys()) if (id !== sender) return id;
  return sender;
};

const listRecipients = (ids: readonly UserId[]) => (ids.length <= maxListedRecipients ? ids : null);

/** One list per roster, however many messages name it. */
const recipientLists = new WeakMap<Roster, readonly UserId[] | null>();
const recipientsOf = (roster: Roster): readonly UserId[] | null => {
  let list = recipientLists.get(roster);
  if (list === undefined) {
    list = roster.size <= maxListedRecipients ? [...roster.keys()] : null;
    recipientLists.set(roster, list);
  }
  return list;
};

/** The chat after an entry. */
export const evolve = (chat: ChatState | undefined, entry: Entry): ChatState => {
  switch (entry.type) {
    case 'chat.created':
      return {
        id: entry.chatId,
        kind: entry.kind,
        title: entry.title,
        roster: new Map<UserId, Role>(entry.members.map((member) => [member.userId, member.role])),
        nextSeq: seq(1),
        nextRev: rev(entry.rev + 1),
      };
    case 'message.posted':
      if (chat === undefined) throw new Error(`a message without its chat: ${entry.chatId}`);
      return { ...chat, nextSeq: seq(entry.seq + 1), nextRev: rev(entry.rev + 1) };
  }
};

/** True for commands after which the roster or the settings may be others: the next one is authorised anew. */
export const changesAccess = (command: Command): boolean => command.type !== 'message.post';
