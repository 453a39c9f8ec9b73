import { z } from 'zod';
import { maxBodyBytes } from '../../domain/chat/command.ts';
import { clientMessageIdSchema, textSchema } from '../amqp/command-json.ts';
import type { messageJson } from '../amqp/event-json.ts';
import { wireUserIdSchema } from './wire.schema.ts';

export const postMessageSchema = z
  .strictObject({
    body: textSchema
      .refine((text) => text.length > 0, 'a message has a text')
      .describe(`The text: at most ${maxBodyBytes} bytes of UTF-8.`),
    client_message_id: clientMessageIdSchema
      .optional()
      .describe(
        'Yours; a repeat with it is answered with the first outcome. The service makes one when you give none.',
      ),
  })
  .meta({ id: 'PostMessage' });

/** A message as it is in the events. */
export const messageSchema = z
  .object({
    id: z.string(),
    client_message_id: z.string(),
    chat_id: z.string(),
    sender_id: wireUserIdSchema,
    recipient_id: wireUserIdSchema.nullable().describe('The other member of a direct chat; null in groups.'),
    status: z.literal('delivered'),
    sent_at: z.string(),
    delivered_at: z.string(),
    body: z.string(),
    is_edited: z.boolean(),
    is_deleted: z.boolean(),
    reject_reason: z.null(),
    v: z.literal(1),
    type: z.literal('message.posted'),
    event_id: z.string(),
    rev: z.int(),
    seq: z.int().describe('Position in the chat: 1, 2, 3 … without gaps.'),
    version: z.int(),
    code: z.null(),
    recipients: z.array(wireUserIdSchema).readonly().nullable().describe('Left out above 100 members.'),
  })
  .meta({ id: 'Message' });

export type MessageJson = ReturnType<typeof messageJson>;

/** An accepted message's event is the message, field by field. */
export const messageOfEvent = (event: string): MessageJson => JSON.parse(event) as MessageJson;
