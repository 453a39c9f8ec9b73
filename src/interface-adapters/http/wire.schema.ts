import { z } from 'zod';
import { chatIdSchema } from '../amqp/command-json.ts';
import { userIdPattern, userIdSchema } from '../amqp/user-id.ts';

/** A whole number in a URL. */
export const requiredWholeNumber = (min: number, max: number, description: string) =>
  z
    .string()
    .transform((text, context): number => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message: `a whole number from ${min} to ${max}` });
      return z.NEVER;
    })
    // A transform says nothing to OpenAPI about what it takes.
    .meta({ description, type: 'integer', minimum: min, maximum: max });

export const wholeNumber = (min: number, max: number, description: string) =>
  requiredWholeNumber(min, max, description).optional();

const chatId = chatIdSchema.meta({ description: 'The id of a chat.' });

export const chatParamsSchema = z.object({ chat_id: chatId });
export const messageParamsSchema = chatParamsSchema.extend({
  seq: requiredWholeNumber(1, Number.MAX_SAFE_INTEGER, 'Position of the message in its chat.'),
});
export const memberParamsSchema = chatParamsSchema.extend({
  user_id: userIdSchema.meta({ description: 'The id of a user.', type: 'string', pattern: userIdPattern }),
});
