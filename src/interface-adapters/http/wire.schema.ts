import { z } from 'zod';
import { chatIdSchema } from '../amqp/command-json.ts';

/** A user id as it goes out: see wireUserId. */
export const wireUserIdSchema = z.union([z.int(), z.string()]).describe('An integer or a string.');

export const chatParamsSchema = z.object({ chat_id: chatIdSchema.meta({ description: 'The id of a chat.' }) });
