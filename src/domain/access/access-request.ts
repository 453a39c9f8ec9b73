import type { ChatState } from '../chat/chat-state.ts';
import type { ChatKind, Command } from '../chat/command.ts';
import type { RejectCode } from '../chat/rejection.ts';
import type { Role } from '../chat/roster.ts';
import type { UserId } from '../ids.ts';

export type Action = 'chat:create' | 'message:post' | 'history:read';

/** Everything a policy may look at. Bounded in size whatever the chat: facts, never member lists. */
export type Facts = {
  readonly is_member: boolean;
  readonly role: Role | 'none';
  readonly chat_kind: ChatKind | 'none';
};

export type AccessRequest = { readonly action: Action; readonly facts: Facts };

export type AccessDecision =
  | { readonly effect: 'permit' }
  | { readonly effect: 'deny'; readonly code: RejectCode; readonly reason: string };

const actions: { readonly [T in Command['type']]: Action } = {
  'chat.create': 'chat:create',
  'message.post': 'message:post',
};

/** The facts about one user in one chat, as the roster has them at this moment. */
export const factsOf = (chat: ChatState | undefined, user: UserId): Facts => {
  const role = chat?.roster.get(user);
  return { is_member: role !== undefined, role: role ?? 'none', chat_kind: chat?.kind ?? 'none' };
};

export const accessRequestOf = (chat: ChatState | undefined, command: Command): AccessRequest => ({
  action: actions[command.type],
  facts:
    command.type === 'chat.create'
      ? { is_member: false, role: 'none', chat_kind: command.kind }
      : factsOf(chat, command.senderId),
});
