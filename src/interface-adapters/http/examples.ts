/** One example of each body that the API takes or gives, by the name of its schema. OpenAPI shows them (infrastructure/http/openapi.ts);
 *  a test holds each against its schema, and misses none. */

const id = 'g-4fbdda722c650bb03749a836c2061b68';
const sent_at = '2026-11-24T09:30:00.120000Z';
const at = '2026-11-24T09:30:00.125000Z';
const client_message_id = '3f0c2c56-9a0b-4c5e-8a51-52f6c5a5d7b1';
const settings = { title: 'Trip', closed: false, slow_mode_ms: 0, history: 'joined', retention_days: null };

const member = { user_id: 1, role: 'owner', muted_until: null, from_seq: 1 };
const other = { user_id: 2, role: 'member', muted_until: null, from_seq: 1 };

const seedMessage = {
  id: `${id}.17`,
  client_message_id,
  chat_id: id,
  sender_id: 1,
  recipient_id: null,
  status: 'delivered',
  sent_at,
  delivered_at: at,
  body: 'Hello!',
  is_edited: false,
  is_deleted: false,
  reject_reason: null,
};
const posted = {
  ...seedMessage,
  v: 1,
  type: 'message.posted',
  event_id: `${id}/18`,
  rev: 18,
  seq: 17,
  version: 1,
  code: null,
  recipients: [1, 2],
  reply_to: null,
  mentions: [2],
  attachments: [],
  edited_at: null,
  by: null,
};
const message = { ...posted, reactions: { '👍': 1 } };
const by = { sender_id: 1, client_message_id: 'my-2', sent_at, at };
const event = {
  v: 1,
  event_id: `${id}/19`,
  chat_id: id,
  rev: 19,
  sender_id: 1,
  client_message_id: 'my-2',
  sent_at,
  at,
  recipients: [1, 2],
};

const chat = {
  id,
  kind: 'group',
  ...settings,
  members: [member, other],
  member_count: 2,
  last_seq: 17,
  first_available_seq: 1,
  rev: 18,
};
const chatSummary = {
  id,
  kind: 'group',
  ...settings,
  last_message: message,
  last_seq: 17,
  rev: 18,
  active_at: at,
  read_seq: 15,
  unread_count: 2,
};
const seedChat = { id, related_users: [{ id: 1, username: 'anna', avatar_url: 'https://example.org/a.png' }] };

const decision = { policy: 'q0Zt3m9A', rules: ['authors-edit'], roster_rev: 1 };
const rule = { id: 'authors-edit', effect: 'permit', place: 'messages.cedar:13' };
const facts = {
  is_member: true,
  is_system: false,
  on_behalf: false,
  role: 'member',
  muted: false,
  chat_kind: 'group',
  chat_closed: false,
  is_author: true,
  age: 'under_1h',
  for_everyone: true,
  is_self: false,
  target_role: 'none',
  new_role: 'none',
};

export const examples: Readonly<Record<string, unknown>> = {
  ExplainAccess: { user_id: 2, action: 'message:edit', chat_id: id, seq: 17 },
  Facts: facts,
  AccessExplained: { effect: 'permit', code: null, reason: null, policy: 'q0Zt3m9A', rules: [rule], facts },
  DecisionExplained: {
    event: { ...posted, decision: { ...decision, rules: ['members-write'] } },
    decision: { ...decision, rules: ['members-write'] },
    in_force: true,
    rules: [{ ...rule, id: 'members-write', place: 'messages.cedar:3' }],
  },
  Alive: { status: 'ok' },
  Readiness: {
    status: 'ready',
    checks: { store: { status: 'up' }, broker: { status: 'up' }, shards: { status: 'up' } },
  },
  Chat: chat,
  CreatedChat: { ...chat, client_message_id },
  ChatList: { items: [chatSummary], next: null },
  MemberPage: { items: [member, other], has_more: false },
  Message: message,
  MessagePosted: { ...posted, decision: { ...decision, rules: ['members-write'] } },
  MessagePage: {
    items: [message],
    has_older: false,
    has_newer: false,
    first_seq: 17,
    last_seq: 17,
    older: null,
    newer: null,
  },
  MessageVersions: { items: [{ version: 1, body: 'Hello!', at, sender_id: 1 }] },
  MessageReactions: { items: [{ user_id: 2, emoji: ['👍'] }] },
  MessageEdited: {
    ...posted,
    type: 'message.edited',
    event_id: `${id}/19`,
    rev: 19,
    version: 2,
    body: 'Hello, all!',
    is_edited: true,
    edited_at: at,
    by,
  },
  MessageDeleted: {
    ...posted,
    type: 'message.deleted',
    event_id: `${id}/19`,
    rev: 19,
    body: '',
    mentions: [],
    is_deleted: true,
    by,
    scope: 'everyone',
  },
  ReactionChanged: { ...event, type: 'reaction.added', seq: 17, emoji: '👍', user_id: 1, reactions: { '👍': 1 } },
  ChatUpdated: { ...event, type: 'chat.updated', ...settings, title: 'Trip to Rome' },
  MemberAdded: { ...event, type: 'member.added', user_id: 4, role: 'member' },
  MemberRemoved: { ...event, type: 'member.removed', user_id: 4 },
  RoleSet: { ...event, type: 'member.role_set', user_id: 4, role: 'admin' },
  MemberMuted: { ...event, type: 'member.muted', user_id: 4, until: '2030-01-01T00:00:00.000000Z' },
  Event: posted,
  Changes: { items: [posted, { type: 'none', rev: 19 }], next: 'eyJyZXYiOjE5fQ', has_more: false },
  ReadMarker: { read_seq: 17, unread_from: null },
  Integrity: {
    dense: true,
    messages: 17,
    changes: 1,
    buckets: [{ bucket: 0, first_seq: 1, first_rev: 1, messages: 17, changes: 1, missing_seqs: [], missing_revs: [] }],
  },
  Limits: { max_page_size: 100, max_emoji_bytes: 32 },
  Erasure: {
    user_id: 7,
    done: false,
    next: 'eyJ1c2VyIjoiNyIsImFsbCI6ZmFsc2UsInNlcSI6MTAwMH0',
    chats: [{ chat_id: id, erased: 1000, already_erased: 3 }],
    erased: 1000,
    already_erased: 3,
    failed: [],
  },
  SeedChat: seedChat,
  SeedChats: [seedChat],
  SeedMessages: { messages: [seedMessage], cursor: `${id}.17`, previous_messages_exist: true },
  SeedTokenRefused: {
    detail: { title: 'Authentication exception.', details: { 'non-field-error': 'An invalid token was provided.' } },
  },
  SeedNotPermitted: {
    title: 'Chat creation is denied.',
    'Authorization error.': 'You are not permitted to create such chat.',
  },
  SeedNoToken: { detail: 'Not authenticated' },
  SeedInvalid: { detail: [{ type: 'value_error', loc: ['body', 'user_ids', 0], msg: 'Invalid input' }] },
  CreateChat: { kind: 'group', member_ids: [2, 3], title: 'Trip' },
  UpdateChat: { title: 'Trip to Rome', slow_mode_ms: 5000 },
  AddMember: { user_id: 4 },
  SetRole: { role: 'admin' },
  MuteMember: { until: '2030-01-01T00:00:00Z' },
  EraseUser: { all_chats: false },
  PostMessage: { body: 'Hello!', mentions: [2] },
  EditMessage: { body: 'Hello, all!', if_version: 1 },
  MoveReadMarker: { read_seq: 17 },
  SeedChatUsers: { user_ids: [1, 2] },
  SeedRelatedUser: { id: 1, username: 'anna', avatar_url: 'https://example.org/a.png' },
};
