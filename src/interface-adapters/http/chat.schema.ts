import { z } from 'zod';
import type { ChatSummary, ChatView } from '../../application/ports/chat-reader.ts';
import type { ChatSettings } from '../../domain/chat/chat-state.ts';
import { maxMembers, maxRetentionDays, maxSlowModeMs, maxTitleLength } from '../../domain/chat/command.ts';
import { roles } from '../../domain/chat/roster.ts';
import { formatMicros } from '../../domain/time.ts';
import { clientMessageIdSchema, textSchema } from '../amqp/command-json.ts';
import { messageViewJson } from '../amqp/event-json.ts';
import { userIdSchema, wireUserId, wireUserIdSchema } from '../amqp/user-id.ts';
import { messageSchema } from './message.schema.ts';

export const idempotencySchema = clientMessageIdSchema
  .optional()
  .describe('Yours; a repeat with it is answered with the first outcome. The service makes one when you give none.');

const title = textSchema
  .refine((text) => text.length <= maxTitleLength, `a title has at most ${maxTitleLength} characters`)
  .nullish()
  .meta({ maxLength: maxTitleLength });
const settings = {
  slow_mode_ms: z.int().min(0).max(maxSlowModeMs).optional().describe('Members wait this long between posts; 0 = off.'),
  history: z
    .enum(['joined', 'full'])
    .optional()
    .describe('What new members see: what is posted while they are in, or everything that is kept.'),
  retention_days: z
    .int()
    .min(1)
    .max(maxRetentionDays)
    .nullish()
    .describe('Messages are dropped after so many days; null for the default of the service.'),
};

/** Strict: a field that would be dropped in silence is refused. */
export const createChatSchema = z
  .strictObject({
    kind: z.enum(['direct', 'group']),
    member_ids: z
      .array(userIdSchema)
      .max(maxMembers, `a chat has at most ${maxMembers} members`)
      .describe(
        'Of a direct chat exactly one other user, or yourself. The creator of a group is in it, listed or not.',
      ),
    title,
    ...settings,
    client_message_id: clientMessageIdSchema
      .optional()
      .describe('Yours; repeating it gives the same group again. The service makes one when you give none.'),
  })
  .meta({ id: 'CreateChat' });

export type CreateChatJson = z.output<typeof createChatSchema>;

export const updateChatSchema = z
  .strictObject({
    title,
    closed: z.boolean().optional().describe('Nobody but owners and admins writes.'),
    ...settings,
    client_message_id: idempotencySchema,
  })
  .meta({
    id: 'UpdateChat',
    anyOf: ['title', 'closed', ...Object.keys(settings)].map((name) => ({ required: [name] })),
  });

export const roleSchema = z.enum(roles);

export const memberSchema = z
  .object({
    user_id: wireUserIdSchema,
    role: roleSchema,
    muted_until: z.string().nullable(),
    from_seq: z.int().describe('The first message that they may see.'),
  })
  .meta({ id: 'Member' });

const settingsFields = {
  title: z.string().nullable(),
  closed: z.boolean(),
  slow_mode_ms: z.int(),
  history: z.enum(['joined', 'full']),
  retention_days: z.int().nullable(),
};

export const chatSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['direct', 'group']),
    ...settingsFields,
    members: z.array(memberSchema).describe('The first 100; page through the others under `/members`.'),
    member_count: z.int(),
    last_seq: z.int().describe('seq of the newest message; 0 while there is none.'),
    first_available_seq: z.int().describe('Messages below are not kept any more.'),
    rev: z.int().describe('Counts every change of the chat.'),
  })
  .meta({ id: 'Chat' });

export const createdChatSchema = chatSchema.extend({ client_message_id: z.string() }).meta({ id: 'CreatedChat' });

export const listedMembers = 100;

const settingsJson = (of: ChatSettings) => ({
  title: of.title,
  closed: of.closed,
  slow_mode_ms: of.slowModeMs,
  history: of.history,
  retention_days: of.retentionDays,
});

export const memberJson = ({
  userId,
  role,
  mutedUntil,
  fromSeq,
}: ChatView['members'][number]): z.output<typeof memberSchema> => ({
  user_id: wireUserId(userId),
  role,
  muted_until: mutedUntil === null ? null : formatMicros(mutedUntil),
  from_seq: fromSeq,
});

export const chatJson = (chat: ChatView): z.output<typeof chatSchema> => ({
  id: chat.id,
  kind: chat.kind,
  ...settingsJson(chat.settings),
  members: chat.members.slice(0, listedMembers).map(memberJson),
  member_count: chat.members.length,
  last_seq: chat.lastSeq,
  first_available_seq: chat.firstSeq,
  rev: chat.rev,
});

export const chatSummarySchema = z
  .object({
    id: z.string(),
    kind: z.enum(['direct', 'group']),
    ...settingsFields,
    last_message: messageSchema
      .nullable()
      .describe('The newest that you see; null too where the policy lets you read none.'),
    last_seq: z.int(),
    rev: z.int(),
    active_at: z.string(),
    read_seq: z.int(),
    unread_count: z.int().describe('last_seq − read_seq − what was deleted in between.'),
  })
  .meta({ id: 'ChatSummary' });

export const chatListSchema = z
  .object({
    items: z.array(chatSummarySchema).describe('The most recently active first.'),
    next: z.string().nullable().describe('Cursor of the next page; null at the end.'),
  })
  .meta({ id: 'ChatList' });

export const summaryJson = (chat: ChatSummary): z.output<typeof chatSummarySchema> => ({
  id: chat.id,
  kind: chat.kind,
  ...settingsJson(chat.settings),
  last_message: chat.lastMessage === null ? null : messageViewJson(chat.lastMessage),
  last_seq: chat.lastSeq,
  rev: chat.rev,
  active_at: formatMicros(chat.activeAt),
  read_seq: chat.readSeq,
  unread_count: chat.unread,
});
