import { z } from 'zod';
import {
  maxAttachments,
  maxEmojiBytes,
  maxMentions,
  maxRetentionDays,
  maxSlowModeMs,
  maxTitleLength,
} from '../../domain/chat/command.ts';
import type { Attachment } from '../../domain/chat/entry.ts';
import { roles } from '../../domain/chat/roster.ts';
import { systemSender } from '../../domain/chat/system-sender.ts';
import { utf8Bytes } from '../../domain/chat/text.ts';
import { type Micros, micros, parseChatId, parseClientMessageId, rev, seq } from '../../domain/ids.ts';
import { userIdSchema } from './user-id.ts';

/** The fields of commands. What the domain answers with a rejection (lengths, ranges of settings) is only described here: a command
 *  that fails its schema is nobody's, and ends among the dead letters. */

const parsed = <T>(parse: (text: string) => T | undefined, message: string, pattern: string) =>
  z
    .string()
    .transform((text, context): T => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ pattern });

export const chatIdSchema = parsed(
  parseChatId,
  'a chat id is 1 to 64 characters of A-Z a-z 0-9 _ -',
  '^[A-Za-z0-9_-]{1,64}$',
);
export const clientMessageIdSchema = parsed(
  parseClientMessageId,
  'a client_message_id is 1 to 128 printable ASCII characters',
  '^[ -~]{1,128}$',
);

/** Text that can be stored and given back unchanged, everywhere: no lone surrogates, no NUL. */
export const isText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
export const textSchema = z
  .string()
  .refine(isText, 'the text is not well-formed Unicode, or has a NUL')
  .meta({ pattern: '^[^\\u0000]*$' });

export const maxSentAtLength = 40;
export const sentAtSchema = textSchema
  .max(maxSentAtLength)
  .nullish()
  .describe("The sender's clock, passed through as text; the time of the decision when it is not given.");

export const actedBySchema = z
  .literal(systemSender)
  .optional()
  .describe('The service itself acts for the sender: the policy asks what the sender may, and both are recorded.');

export const seqSchema = z.int().min(1).transform(seq);
export const revSchema = z.int().min(1).transform(rev);
export const roleSchema = z.enum(roles);

export const settingsFields = {
  title: textSchema.nullish().meta({ maxLength: maxTitleLength }),
  slow_mode_ms: z
    .int()
    .optional()
    .meta({ minimum: 0, maximum: maxSlowModeMs, description: 'Members wait this long between two posts; 0 = off.' }),
  history: z
    .enum(['joined', 'full'])
    .optional()
    .describe('What new members see: what is posted while they are in, or everything that is kept.'),
  retention_days: z.int().nullish().meta({
    minimum: 1,
    maximum: maxRetentionDays,
    description: 'Messages are dropped after so many days; null = the default of the service.',
  }),
};

const segments = new Intl.Segmenter('und', { granularity: 'grapheme' });

const isOneSymbol = (text: string): boolean => {
  if (text === '' || !text.isWellFormed() || utf8Bytes(text) > maxEmojiBytes || /[\p{Cc}\s]/u.test(text)) return false;
  const [first] = segments.segment(text);
  return first?.segment === text;
};

export const emojiSchema = z
  .string()
  .refine(isOneSymbol, `an emoji is one character as people see it, of at most ${maxEmojiBytes} bytes`)
  .meta({ description: `One character as people see it: at most ${maxEmojiBytes} bytes of UTF-8.` });

const isLink = (url: string): boolean =>
  /^https?:\/\/[^\s\p{Cc}]+$/iu.test(url) && url.isWellFormed() && URL.canParse(url);

export const attachmentSchema = z
  .object({
    url: z.string().max(2048).refine(isLink, 'a url begins with http:// or https://').meta({ format: 'uri' }),
    name: textSchema.min(1).max(255),
    media_type: z
      .string()
      .max(255)
      .regex(/^[\w.+!#$&^-]+\/[\w.+!#$&^-]+( *;[ -~]*)?$/, 'a media type is like image/png'),
    size: z.int().min(0).describe('Bytes.'),
  })
  .transform(({ url, name, media_type, size }): Attachment => ({ url, name, mediaType: media_type, size }));

export const attachmentsSchema = z.array(attachmentSchema).max(maxAttachments);
export const mentionsSchema = z
  .union([z.literal('all'), z.array(userIdSchema).max(maxMentions)])
  .describe('Members who are called, or all of them.');

const latest = Number.MAX_SAFE_INTEGER;

/** RFC 3339 to microseconds; further digits are cut off. Undefined when a number cannot hold it (before 1970, after 2255). */
const microsOf = (text: string): Micros | undefined => {
  const digits = /\.(\d+)/.exec(text)?.[1]?.padEnd(6, '0') ?? '000000';
  const at = Date.parse(text.replace(/\.\d+/, '')) * 1000 + Number(digits.slice(0, 6));
  return at >= 0 && at <= latest ? micros(at) : undefined;
};

export const instantSchema = z.iso.datetime({ offset: true }).transform((text, context): Micros => {
  const at = microsOf(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: 'a time lies between the years 1970 and 2255' });
  return z.NEVER;
});
