import type { ChatKind, ChatState } from '../chat/chat-state.ts';
import type { Command, CreateChat, UpdateChat } from '../chat/command.ts';
import type { Target } from '../chat/message-state.ts';
import type { RejectCode } from '../chat/rejection.ts';
import type { Role } from '../chat/roster.ts';
import { isSystem } from '../chat/system-sender.ts';
import { type Micros, micros, type Seq, type UserId, userId } from '../ids.ts';
import type { PolicyBasis } from './decision-receipt.ts';

export const everyAction = [
  'chat:create',
  'chat:update',
  'chat:set_retention',
  'chat:trim',
  'chat:erase',
  'member:add',
  'member:remove',
  'member:set_role',
  'member:mute',
  'message:post',
  'message:edit',
  'message:delete',
  'reaction:add',
  'reaction:remove',
  'history:read',
  'mention:all',
] as const;
export type Action = (typeof everyAction)[number];

/** Age of a message, in classes, so that decisions can be cached; `none` where there is no message. */
export const ageClasses = ['none', 'under_15m', 'under_1h', 'under_24h', 'under_7d', 'older'] as const;
export type AgeClass = (typeof ageClasses)[number];

/** Everything a policy may look at. Bounded in size whatever the chat: facts, never member lists. */
export type Facts = {
  readonly is_member: boolean;
  /** The service itself: retention, erasure. */
  readonly is_system: boolean;
  /** The service itself acts for this user: all other facts are the user's. */
  readonly on_behalf: boolean;
  readonly role: Role | 'none';
  readonly muted: boolean;
  readonly chat_kind: ChatKind | 'none';
  readonly chat_closed: boolean;
  /** Of the message that the command is about. */
  readonly is_author: boolean;
  readonly age: AgeClass;
  /** `me`: a deletion that only its sender sees. */
  readonly for_everyone: boolean;
  /** Of a command about a member: it is the sender, the role they have and the one they are to have. */
  readonly is_self: boolean;
  readonly target_role: Role | 'none';
  readonly new_role: Role | 'none';
};

export type AccessRequest = { readonly action: Action; readonly facts: Facts };

/** `basis`: the rules behind it, where it was made by rules. */
export type AccessDecision =
  | { readonly effect: 'permit'; readonly basis?: PolicyBasis }
  | { readonly effect: 'deny'; readonly code: RejectCode; readonly reason: string; readonly basis?: PolicyBasis };

const actions: { readonly [T in Command['type']]: Action } = {
  'chat.create': 'chat:create',
  'chat.update': 'chat:update',
  'chat.trim': 'chat:trim',
  'member.add': 'member:add',
  'member.remove': 'member:remove',
  'member.set_role': 'member:set_role',
  'member.mute': 'member:mute',
  'message.post': 'message:post',
  'message.edit': 'message:edit',
  'message.delete': 'message:delete',
  'message.erase': 'chat:erase',
  'reaction.add': 'reaction:add',
  'reaction.remove': 'reaction:remove',
};

/** The facts about one user in one chat, as the roster has them at this moment. */
export const factsOf = (
  chat: Pick<ChatState, 'kind' | 'settings' | 'roster'> | undefined,
  user: UserId,
  at: Micros,
): Facts => {
  const member = chat?.roster.get(user);
  return {
    is_member: member !== undefined,
    is_system: isSystem(user),
    on_behalf: false,
    role: member?.role ?? 'none',
    muted: member?.mutedUntil != null && member.mutedUntil > at,
    chat_kind: chat?.kind ?? 'none',
    chat_closed: chat?.settings.closed ?? false,
    is_author: false,
    age: 'none',
    for_everyone: true,
    is_self: false,
    target_role: 'none',
    new_role: 'none',
  };
};

/** Of somebody who is in no chat, about nothing. */
export const strangersFacts: Facts = factsOf(undefined, userId('nobody'), micros(0));

/** What is asked before a command is decided: its action and, for a message that calls everybody or a change of retention, one thing
 *  more. */
export const accessRequestsOf = (
  chat: ChatState | undefined,
  command: Command,
  targets: ReadonlyMap<Seq, Target>,
  at: Micros,
): readonly AccessRequest[] => {
  const action = actions[command.type];
  const own = factsOf(chat, command.senderId, at);
  const facts = command.actedBy === undefined ? own : { ...own, on_behalf: true };
  switch (command.type) {
    case 'chat.create': {
      const asStranger = { ...facts, is_member: false, role: 'none' as const, chat_kind: command.kind };
      const asOwner = { ...asStranger, is_member: true, role: 'owner' as const };
      return withRetention(command, [{ action, facts: asStranger }], asOwner);
    }
    case 'chat.update':
      return withRetention(command, [{ action, facts }], facts);
    case 'member.add':
    case 'member.remove':
    case 'member.set_role':
    case 'member.mute': {
      const aboutMember = {
        is_self: command.userId === command.senderId,
        target_role: chat?.roster.get(command.userId)?.role ?? ('none' as const),
        new_role: 'role' in command ? command.role : ('none' as const),
      };
      return [{ action, facts: { ...facts, ...aboutMember } }];
    }
    case 'message.post':
      return command.extras?.mentionsAll
        ? [
            { action, facts },
            { action: 'mention:all', facts },
          ]
        : [{ action, facts }];
    case 'message.edit':
    case 'message.delete':
    case 'reaction.add':
    case 'reaction.remove': {
      const target = targets.get(command.seq);
      const aboutMessage = {
        is_author: target?.message.post.senderId === command.senderId,
        age: target === undefined ? ('none' as const) : ageClass(target.message.post.at, at),
        for_everyone: !(command.type === 'message.delete' && command.scope === 'me'),
      };
      return [{ action, facts: { ...facts, ...aboutMessage } }];
    }
    default:
      return [{ action, facts }];
  }
};

/** How long a chat keeps its messages is a question of its own. */
const withRetention = (
  { settings }: CreateChat | UpdateChat,
  asked: readonly AccessRequest[],
  facts: Facts,
): readonly AccessRequest[] =>
  settings.retentionDays === undefined ? asked : [...asked, { action: 'chat:set_retention', facts }];

const minute = 60_000_000;
const classes: readonly (readonly [AgeClass, number])[] = [
  ['under_15m', 15 * minute],
  ['under_1h', 60 * minute],
  ['under_24h', 24 * 60 * minute],
  ['under_7d', 7 * 24 * 60 * minute],
];

export const ageClass = (since: Micros, at: Micros): AgeClass =>
  classes.find(([, limit]) => at - since < limit)?.[0] ?? 'older';
