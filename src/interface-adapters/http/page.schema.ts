import { z } from 'zod';
import { messageSchema } from './message.schema.ts';

export const maxPageSize = 100;
export const defaultPageSize = 50;

const wholeNumber = (min: number, max: number, description: string) =>
  z
    .string()
    .transform((text, context): number => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message: `a whole number from ${min} to ${max}` });
      return z.NEVER;
    })
    .optional()
    // A transform says nothing to OpenAPI about what it takes.
    .meta({ description, type: 'integer', minimum: min, maximum: max });

const largest = Number.MAX_SAFE_INTEGER;

export const pageQuerySchema = z.strictObject({
  before: wholeNumber(1, largest, 'Messages below this seq.'),
  after: wholeNumber(0, largest, 'Messages above this seq.'),
  around: wholeNumber(1, largest, 'Messages on both sides of this seq, itself included.'),
  cursor: z.string().max(500).optional().describe('`older` or `newer` of another page of this chat.'),
  limit: wholeNumber(1, maxPageSize, `How many at most: 1 to ${maxPageSize}, ${defaultPageSize} when not given.`),
});

export type PageQuery = z.output<typeof pageQuerySchema>;

export const pageSchema = z
  .object({
    items: z.array(messageSchema).describe('Newest first, seq without gaps.'),
    has_older: z.boolean(),
    has_newer: z.boolean(),
    first_seq: z.int().describe("The chat's oldest message; 0 while there is none."),
    last_seq: z.int().describe("The chat's newest message; 0 while there is none."),
    older: z.string().nullable().describe('Cursor of the next older page; null when there is nothing older.'),
    newer: z.string().nullable().describe('Cursor of the next newer page; null when there is nothing newer.'),
  })
  .meta({ id: 'MessagePage' });
