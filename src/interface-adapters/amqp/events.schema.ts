import { z } from 'zod';
import { rejectCodes } from '../../domain/chat/rejection.ts';
import { roles } from '../../domain/chat/roster.ts';
import { wireUserIdSchema } from './user-id.ts';

/** The events as event-json.ts writes them. More fields may come: consumers pass over what they do not know. */

const time = z.string().describe('RFC 3339, UTC, six digits.');
const sentAt = z.string().describe("The sender's clock, as it came.");
const position = z.int().min(1);
const recipients = z
  .array(wireUserIdSchema)
  .readonly()
  .nullable()
  .describe('Who is to hear of it; null above 100 members, and of what was rejected.');
const rejectCode = z.enum(Object.keys(rejectCodes) as [keyof typeof rejectCodes, ...(keyof typeof rejectCodes)[]]);
const retryAfterMs = z.int().optional().describe('When it is worth trying again.');

const by = z
  .object({ sender_id: wireUserIdSchema, client_message_id: z.string(), sent_at: sentAt, at: time })
  .describe('The command that changed the message; its own fields are those of its post.');

export const decisionSchema = z
  .object({
    policy: z.string().describe('Short hash of the policy set; empty where nobody was asked.'),
    rules: z
      .array(z.string())
      .readonly()
      .describe('The rules that permitted it, or forbade it; none when nothing permits it.'),
    roster_rev: z.int().describe('Roster and settings were those that the log says up to this rev; 0 before the chat.'),
    acted_by: wireUserIdSchema
      .optional()
      .describe('Who acted for the sender, when the sender did not act: the service itself.'),
  })
  .describe("The policy's word. Left out where it was not asked, and of what is older than receipts.");

const seedFields = {
  id: z.string().describe('`<chat_id>.<seq>`; opaque.'),
  client_message_id: z.string(),
  chat_id: z.string(),
  sender_id: wireUserIdSchema,
  recipient_id: wireUserIdSchema.nullable().describe('The other member of a direct chat; null in groups.'),
  status: z.literal('delivered'),
  sent_at: sentAt,
  delivered_at: time.describe('When it was posted. RFC 3339, UTC, six digits.'),
  body: z.string().describe('The text as it is now; empty once it is deleted or erased.'),
  is_edited: z.boolean(),
  is_deleted: z.boolean(),
  reject_reason: z.null(),
};

/** All fields of a message, of its post as of what changes it. */
export const messageFields = {
  ...seedFields,
  v: z.literal(1),
  type: z.literal('message.posted'),
  event_id: z.string().describe('`<chat_id>/<rev>`; of a repeated event the same.'),
  rev: position.describe("Counts every entry of the chat's log: 1, 2, 3 … without gaps."),
  seq: position.describe('Position of the message in the chat: 1, 2, 3 … without gaps.'),
  version: position.describe('The post is 1, each edit one more.'),
  code: z.null(),
  recipients,
  reply_to: z.int().nullable().describe('seq of the message that it answers.'),
  mentions: z.union([z.literal('all'), z.array(wireUserIdSchema).readonly()]),
  attachments: z
    .array(z.object({ url: z.string(), name: z.string(), media_type: z.string(), size: z.int() }))
    .readonly(),
  edited_at: time.nullable(),
  by: z.null(),
};

const decision = { decision: decisionSchema.optional() };

export const messagePostedSchema = z.object({ ...messageFields, ...decision }).meta({ id: 'MessagePosted' });

export const messageEditedSchema = z
  .object({ ...messageFields, type: z.literal('message.edited'), edited_at: time, by, ...decision })
  .meta({ id: 'MessageEdited' });

export const messageDeletedSchema = z
  .object({
    ...messageFields,
    type: z.literal('message.deleted'),
    edited_at: z.null(),
    by,
    scope: z.enum(['everyone', 'me']).describe('`me`: only who deleted it no longer sees it; nobody else is told.'),
    ...decision,
  })
  .meta({ id: 'MessageDeleted' });

export const messageRejectedSchema = z
  .object({
    ...seedFields,
    id: z.null(),
    recipient_id: wireUserIdSchema.nullable().describe('As it came.'),
    status: z.literal('rejected'),
    delivered_at: time,
    body: z.string().describe('As it came.'),
    is_edited: z.literal(false),
    is_deleted: z.literal(false),
    reject_reason: z.string().describe('A sentence for people; the seed’s, where it has one.'),
    v: z.literal(1),
    type: z.literal('message.rejected'),
    event_id: z.string().describe('`<chat_id>/<sender_id>/<client_message_id>`.'),
    rev: z.null(),
    seq: z.null(),
    version: z.null(),
    code: rejectCode,
    recipients: z.null(),
    retry_after_ms: retryAfterMs,
    ...decision,
  })
  .meta({ id: 'MessageRejected' });

export const commandRejectedSchema = z
  .object({
    v: z.literal(1),
    type: z.literal('command.rejected'),
    event_id: z.string(),
    chat_id: z.string(),
    sender_id: wireUserIdSchema,
    client_message_id: z.string(),
    sent_at: sentAt,
    at: time,
    code: rejectCode,
    reject_reason: z.string(),
    retry_after_ms: retryAfterMs,
    ...decision,
  })
  .meta({ id: 'CommandRejected' });

const event = <Type extends string, Fields extends z.ZodRawShape>(
  id: string,
  types: readonly [Type, ...Type[]],
  fields: Fields,
) =>
  z
    .object({
      v: z.literal(1),
      type: z.literal(types),
      event_id: z.string(),
      chat_id: z.string(),
      rev: position,
      sender_id: wireUserIdSchema.describe('Who acted.'),
      client_message_id: z.string(),
      sent_at: sentAt,
      at: time.describe('When it was decided.'),
      ...fields,
      recipients,
      ...decision,
    })
    .meta({ id });

const settings = {
  title: z.string().nullable(),
  closed: z.boolean(),
  slow_mode_ms: z.int(),
  history: z.enum(['joined', 'full']),
  retention_days: z.int().nullable(),
};
const userId = wireUserIdSchema.describe('Whom it is about.');
const role = z.enum(roles);

export const chatCreatedSchema = event('ChatCreated', ['chat.created'], {
  kind: z.enum(['direct', 'group']),
  ...settings,
  members: z.array(z.object({ user_id: wireUserIdSchema, role })).describe('The creator first.'),
});
export const chatUpdatedSchema = event('ChatUpdated', ['chat.updated'], settings);
export const chatTrimmedSchema = event('ChatTrimmed', ['chat.trimmed'], {
  first_seq: position.describe('Messages below are not kept any more.'),
});
export const memberAddedSchema = event('MemberAdded', ['member.added'], { user_id: userId, role });
export const memberRemovedSchema = event('MemberRemoved', ['member.removed'], { user_id: userId });
export const roleSetSchema = event('RoleSet', ['member.role_set'], { user_id: userId, role });
export const memberMutedSchema = event('MemberMuted', ['member.muted'], {
  user_id: userId,
  until: time.nullable().describe('Null: no longer.'),
});
export const messageErasedSchema = event('MessageErased', ['message.erased'], {
  user_id: userId,
  seqs: z.array(position).readonly().describe('What was in these is gone for good.'),
});
export const reactionSchema = event('ReactionChanged', ['reaction.added', 'reaction.removed'], {
  seq: position,
  emoji: z.string(),
  user_id: wireUserIdSchema,
  reactions: z.record(z.string(), z.int()).readonly().describe('Of everybody, by emoji, from here on.'),
});

/** The event of any entry. */
export const eventSchema = z
  .discriminatedUnion('type', [
    messagePostedSchema,
    messageEditedSchema,
    messageDeletedSchema,
    messageErasedSchema,
    reactionSchema,
    chatCreatedSchema,
    chatUpdatedSchema,
    chatTrimmedSchema,
    memberAddedSchema,
    memberRemovedSchema,
    roleSetSchema,
    memberMutedSchema,
  ])
  .meta({ id: 'Event' });

export const rejectionSchema = z.discriminatedUnion('type', [messageRejectedSchema, commandRejectedSchema]);

/** Everything that goes out. */
export const anyEventSchema = z.discriminatedUnion('type', [eventSchema, rejectionSchema]);
export type AnyEvent = z.output<typeof anyEventSchema>;
