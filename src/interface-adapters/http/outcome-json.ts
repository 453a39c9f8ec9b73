import { z } from 'zod';
import type { ReadOutcome } from '../../application/use-cases/command-outcome.ts';
import { isRejectCode } from '../../domain/chat/rejection.ts';
import { eventSchema } from '../amqp/events.schema.ts';
import { wireUserIdSchema } from '../amqp/user-id.ts';

const ids = { sender_id: wireUserIdSchema, client_message_id: z.string() };
const accepted = z.object({
  type: z.enum(eventSchema.options.flatMap((option) => [...option.shape.type.values])),
  ...ids,
  by: z.object(ids).nullish(),
});
const rejected = z.object({
  type: z.enum(['message.rejected', 'command.rejected']),
  code: z.string().refine(isRejectCode),
  reject_reason: z.string(),
  retry_after_ms: z.number().optional(),
});
const outcome = z.union([accepted, rejected]);

/** Reads an event as the answer to a command. Throws a ZodError or SyntaxError when it is none that we know. */
export const readOutcome: ReadOutcome = (event) => {
  const json = outcome.parse(JSON.parse(event));
  if ('code' in json) {
    const { code, reject_reason: reason, retry_after_ms: retryAfterMs } = json;
    return { kind: 'rejected', rejection: { code, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
  }
  // Of an event that shows a message, the ids at the top are those of its post.
  const command = json.by ?? json;
  return { kind: 'accepted', senderId: String(command.sender_id), clientMessageId: command.client_message_id };
};
