import type { CommandType } from '../../src/interface-adapters/amqp/command-form.ts';

type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One command as an allowed user sends it, and as one who may not. Users of the chat: 1 its owner, 2 a member; 5 is a stranger. Two
 *  messages are there: 1 of user 1, 2 of user 2. The rows are played in their order on one chat. */
export type Row = {
  readonly command: Exclude<CommandType, 'chat.create' | 'message.erase' | 'chat.trim'>;
  readonly user: number;
  readonly method: Method;
  readonly path: string;
  readonly payload?: object;
  readonly event: object;
  readonly denied: { readonly user: number; readonly code: string };
};

const thumb = encodeURIComponent('👍');

/** docs/commands.md has a line for each. */
export const commandRows: readonly Row[] = [
  {
    command: 'chat.update',
    user: 1,
    method: 'PATCH',
    path: '',
    payload: { title: 'Rome', slow_mode_ms: 0 },
    event: { type: 'chat.updated', title: 'Rome' },
    denied: { user: 2, code: 'POLICY_DENIED' },
  },
  {
    command: 'chat.update',
    user: 1,
    method: 'PATCH',
    path: '',
    payload: { retention_days: 365 },
    event: { type: 'chat.updated', retention_days: 365 },
    denied: { user: 2, code: 'POLICY_DENIED' },
  },
  {
    command: 'member.add',
    user: 1,
    method: 'POST',
    path: '/members',
    payload: { user_id: 3 },
    event: { type: 'member.added', user_id: 3, role: 'member' },
    denied: { user: 2, code: 'VALIDATION_FAILED' },
  },
  {
    command: 'member.set_role',
    user: 1,
    method: 'PUT',
    path: '/members/3/role',
    payload: { role: 'guest' },
    event: { type: 'member.role_set', user_id: 3, role: 'guest' },
    denied: { user: 2, code: 'POLICY_DENIED' },
  },
  {
    command: 'member.mute',
    user: 1,
    method: 'PUT',
    path: '/members/3/mute',
    payload: { until: '2040-01-01T00:00:00Z' },
    event: { type: 'member.muted', user_id: 3, until: '2040-01-01T00:00:00.000000Z' },
    denied: { user: 2, code: 'POLICY_DENIED' },
  },
  {
    command: 'message.post',
    user: 2,
    method: 'POST',
    path: '/messages',
    payload: { body: 're', reply_to: 1, mentions: [1] },
    event: { type: 'message.posted', body: 're', seq: 3, reply_to: 1, mentions: [1] },
    denied: { user: 5, code: 'CHAT_NOT_FOUND' },
  },
  {
    command: 'message.edit',
    user: 2,
    method: 'PATCH',
    path: '/messages/2',
    payload: { body: 'edited', if_version: 1 },
    event: { type: 'message.edited', seq: 2, body: 'edited', version: 2, is_edited: true },
    denied: { user: 1, code: 'POLICY_DENIED' },
  },
  {
    command: 'reaction.add',
    user: 2,
    method: 'PUT',
    path: `/messages/1/reactions/${thumb}`,
    event: { type: 'reaction.added', seq: 1, emoji: '👍', reactions: { '👍': 1 } },
    denied: { user: 5, code: 'CHAT_NOT_FOUND' },
  },
  {
    command: 'reaction.remove',
    user: 2,
    method: 'DELETE',
    path: `/messages/1/reactions/${thumb}`,
    event: { type: 'reaction.removed', seq: 1, reactions: {} },
    denied: { user: 5, code: 'CHAT_NOT_FOUND' },
  },
  {
    command: 'message.delete',
    user: 1,
    method: 'DELETE',
    path: '/messages/2',
    event: { type: 'message.deleted', seq: 2, is_deleted: true, body: '' },
    denied: { user: 2, code: 'TARGET_DELETED' },
  },
  {
    command: 'member.remove',
    user: 1,
    method: 'DELETE',
    path: '/members/3',
    event: { type: 'member.removed', user_id: 3 },
    denied: { user: 2, code: 'TARGET_NOT_FOUND' },
  },
];
