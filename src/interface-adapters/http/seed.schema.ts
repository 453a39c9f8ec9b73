import { z } from 'zod';
import type { MessageView } from '../../application/ports/chat-reader.ts';
import type { Profile } from '../../application/ports/personal-store.ts';
import { type ChatId, parseChatId, type Seq, seq } from '../../domain/ids.ts';
import { messageViewJson } from '../amqp/event-json.ts';
import { textSchema } from '../amqp/fields.schema.ts';
import { userIdSchema, wireUserId, wireUserIdSchema } from '../amqp/user-id.ts';

/** The seed's REST bodies: reference is the contract that the sibling services were written against (docs/seed-routes.md). */
export const usersSchema = z.object({ user_ids: z.array(userIdSchema).min(1).max(100) }).meta({ id: 'SeedChatUsers' });

export const relatedUserSchema = z
  .object({ id: userIdSchema, username: textSchema.min(4).max(200), avatar_url: textSchema.max(2_048) })
  .meta({ id: 'SeedRelatedUser' });

export const seedChatSchema = z
  .object({
    id: z.string(),
    related_users: z.array(z.object({ id: wireUserIdSchema, username: z.string(), avatar_url: z.string() })),
  })
  .meta({ id: 'SeedChat' });

export const seedChatsSchema = z.array(seedChatSchema).meta({ id: 'SeedChats' });

/** How the seed says no. */
export const tokenRefusedSchema = z
  .object({ detail: z.object({ title: z.string(), details: z.record(z.string(), z.string()) }) })
  .meta({ id: 'SeedTokenRefused' });
export const notPermittedSchema = z
  .record(z.string(), z.string())
  .meta({ id: 'SeedNotPermitted', description: 'A title, and a sentence under a name of its own.' });
export const noTokenSchema = z.object({ detail: z.string() }).meta({ id: 'SeedNoToken' });
export const seedInvalidSchema = z
  .object({
    detail: z.array(
      z.object({ type: z.string(), loc: z.array(z.union([z.string(), z.int()])).readonly(), msg: z.string() }),
    ),
  })
  .meta({ id: 'SeedInvalid' });

export const seedMessagesQuerySchema = z.object({
  chat_id: z.string().max(200),
  cursor: z.string().max(200).optional().describe('The `cursor` of the answer before; older messages follow.'),
});

export const seedMessageSchema = z
  .object({
    id: z.string(),
    client_message_id: z.string(),
    chat_id: z.string(),
    sender_id: wireUserIdSchema,
    recipient_id: wireUserIdSchema.nullable(),
    status: z.string(),
    sent_at: z.string(),
    delivered_at: z.string(),
    body: z.string(),
    is_edited: z.boolean(),
    is_deleted: z.boolean(),
    reject_reason: z.null(),
  })
  .meta({ id: 'SeedMessage' });

export const seedPageSchema = z
  .object({ messages: z.array(seedMessageSchema), cursor: z.string(), previous_messages_exist: z.boolean() })
  .meta({ id: 'SeedMessages' });

export const seedPageSize = 10;

export const seedChatJson = (id: ChatId, users: readonly Profile[]): z.output<typeof seedChatSchema> => ({
  id,
  related_users: users
    .map(({ userId, username, avatarUrl }) => ({ id: wireUserId(userId), username, avatar_url: avatarUrl }))
    .sort((a, b) =>
      typeof a.id === 'number' && typeof b.id === 'number' ? a.id - b.id : `${a.id}` < `${b.id}` ? -1 : 1,
    ),
});

/** The seed's twelve fields, nothing else. */
export const seedMessageJson = (view: MessageView): z.output<typeof seedMessageSchema> => {
  const { id, client_message_id, chat_id, sender_id, recipient_id, status, sent_at, ...rest } = messageViewJson(view);
  const { delivered_at, body, is_edited, is_deleted } = rest;
  return {
    ...{ id, client_message_id, chat_id, sender_id, recipient_id, status, sent_at },
    ...{ delivered_at, body, is_edited, is_deleted, reject_reason: null },
  };
};

/** A message's id as a cursor: `<chat_id>.<seq>`. Undefined when it is none of this chat. */
export const seqOfMessageId = (chatId: ChatId, text: string): Seq | undefined => {
  const dot = text.lastIndexOf('.');
  const at = /^[1-9]\d{0,15}$/.test(text.slice(dot + 1)) ? Number(text.slice(dot + 1)) : Number.NaN;
  return parseChatId(text.slice(0, dot)) === chatId && Number.isSafeInteger(at) ? seq(at) : undefined;
};
