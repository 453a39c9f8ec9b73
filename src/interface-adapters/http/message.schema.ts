import { z } from 'zod';
import { messageFields } from '../amqp/events.schema.ts';
import { clientMessageIdSchema } from '../amqp/fields.schema.ts';
import { deleteFields, editFields, hasContent, needsContent, postFields } from '../amqp/message-commands.ts';

const clientMessageId = clientMessageIdSchema
  .optional()
  .describe('Yours; a repeat with it is answered with the first outcome. The service makes one when you give none.');

/** Strict: a field that would be dropped in silence is refused. */
export const postMessageSchema = z
  .strictObject({ ...postFields, client_message_id: clientMessageId })
  .refine(hasContent, needsContent)
  .meta({
    id: 'PostMessage',
    anyOf: [
      { properties: { body: { type: 'string', minLength: 1 } } },
      { properties: { attachments: { type: 'array', minItems: 1 } }, required: ['attachments'] },
    ],
  });

export const editMessageSchema = z
  .strictObject({ ...editFields, client_message_id: clientMessageId })
  .meta({ id: 'EditMessage' });

export const deleteQuerySchema = z.strictObject({ ...deleteFields, client_message_id: clientMessageId });

/** A message as it is in the events, and as it is now. */
export const messageSchema = z
  .object({
    ...messageFields,
    reactions: z
      .record(z.string(), z.int())
      .readonly()
      .optional()
      .describe('How many by emoji. Left out in the answer to a post.'),
  })
  .meta({ id: 'Message' });
