import { z } from 'zod';
import { messageSchema } from './message.schema.ts';
import { wholeNumber } from './wire.schema.ts';

export const maxPageSize = 100;
export const defaultPageSize = 50;

const largest = Number.MAX_SAFE_INTEGER;

export const limitSchema = wholeNumber(
  1,
  maxPageSize,
  `How many at most: 1 to ${maxPageSize}, ${defaultPageSize} when not given.`,
);

export const minRevSchema = wholeNumber(
  1,
  largest,
  'Wait up to two seconds until the chat has come to this `rev` (a command’s answer names it); else 409 `NOT_YET`.',
);

export const pageQuerySchema = z.strictObject({
  before: wholeNumber(1, largest, 'Messages below this seq.'),
  after: wholeNumber(0, largest, 'Messages above this seq.'),
  around: wholeNumber(1, largest, 'Messages on both sides of this seq, itself included.'),
  time: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Messages on both sides of the first one that was posted then or later.'),
  cursor: z.string().max(500).optional().describe('`older` or `newer` of another page of this chat.'),
  limit: limitSchema,
  min_rev: minRevSchema,
});

export type PageQuery = z.output<typeof pageQuerySchema>;

export const pageSchema = z
  .object({
    items: z.array(messageSchema).describe('Newest first, seq without gaps.'),
    has_older: z.boolean(),
    has_newer: z.boolean(),
    first_seq: z.int().describe('The oldest message that you may see; 0 while there is none.'),
    last_seq: z.int().describe("The chat's newest message; 0 while there is none."),
    older: z.string().nullable().describe('Cursor of the next older page; null when there is nothing older.'),
    newer: z.string().nullable().describe('Cursor of the next newer page; null when there is nothing newer.'),
  })
  .meta({ id: 'MessagePage' });
