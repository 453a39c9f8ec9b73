import { z } from 'zod';
import { type RejectCode, rejectCodes } from '../../domain/chat/rejection.ts';

/** More than rejections have: a defect of ours (it says nothing about whether the request had an effect), and keys of tokens that
 *  cannot be fetched. */
export type ProblemCode = RejectCode | 'INTERNAL_ERROR' | 'KEYS_UNAVAILABLE';

type Answered = { readonly status: number; readonly title: string; readonly retryAfterMs?: number };

/** How HTTP answers each code. */
export const problems: { readonly [C in ProblemCode]: Answered } = {
  VALIDATION_FAILED: { status: 400, title: 'The request is not valid.' },
  UNAUTHENTICATED: { status: 401, title: 'A valid token is needed.' },
  FORBIDDEN: { status: 403, title: 'This is not allowed.' },
  POLICY_DENIED: { status: 403, title: 'The policy does not allow this.' },
  CHAT_LOCKED: { status: 403, title: 'The chat is closed.' },
  EDIT_WINDOW_CLOSED: { status: 403, title: 'It is too late to change this message.' },
  CHAT_NOT_FOUND: { status: 404, title: 'No such chat.' },
  NOT_A_MEMBER: { status: 404, title: 'No such member.' },
  TARGET_NOT_FOUND: { status: 404, title: 'Nothing was found here.' },
  VERSION_CONFLICT: { status: 409, title: 'It has been changed meanwhile.' },
  IDEMPOTENCY_KEY_REUSED: { status: 409, title: 'This client_message_id was used for something else.' },
  NOT_YET: { status: 409, title: 'It is not there yet.', retryAfterMs: 1000 },
  GONE: { status: 410, title: 'It is not kept any more.' },
  TARGET_DELETED: { status: 410, title: 'It was deleted.' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'This is too large.' },
  RATE_LIMITED: { status: 429, title: 'Too many requests.', retryAfterMs: 1000 },
  SLOW_MODE: { status: 429, title: 'The chat is in slow mode.', retryAfterMs: 1000 },
  STORAGE_UNAVAILABLE: { status: 503, title: 'The store cannot be reached.', retryAfterMs: 1000 },
  KEYS_UNAVAILABLE: { status: 503, title: 'Tokens cannot be checked.', retryAfterMs: 5000 },
  POLICY_UNAVAILABLE: { status: 503, title: 'The policy cannot be asked.', retryAfterMs: 1000 },
  OVERLOADED: { status: 503, title: 'The request could not be taken.', retryAfterMs: 1000 },
  OUTCOME_UNKNOWN: { status: 504, title: 'The outcome is not known.', retryAfterMs: 1000 },
  INTERNAL_ERROR: { status: 500, title: 'Something went wrong in the service.' },
};

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    retryable: z.boolean().describe('The same request may succeed later, unchanged.'),
    retry_after_ms: z.int().optional(),
    first_available_seq: z
      .int()
      .optional()
      .describe('With `GONE`: the first message that you may still see; one more than the newest while there is none.'),
    client_message_id: z.string().optional().describe('Of a command: repeat it with this id; it is done at most once.'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('What is wrong with which part of the request.'),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457) with a code.' });

export type Problem = z.output<typeof problemSchema>;

type Details = {
  /** Where the transport has a finer status than the code has: 405, 415. */
  readonly status?: number;
  readonly clientMessageId?: string | undefined;
  /** Where it is known better than by the code. */
  readonly retryAfterMs?: number | undefined;
  readonly firstAvailableSeq?: number | undefined;
  readonly errors?: Problem['errors'];
};

export const problemOf = (
  code: ProblemCode,
  detail: string,
  { status, clientMessageId, errors, retryAfterMs, firstAvailableSeq }: Details = {},
): Problem => {
  const { title, status: usual, retryAfterMs: usualWaitMs } = problems[code];
  const waitMs = retryAfterMs ?? usualWaitMs;
  return {
    type: `urn:chat-messaging:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status: status ?? usual,
    detail,
    code,
    retryable: code === 'KEYS_UNAVAILABLE' || (code !== 'INTERNAL_ERROR' && rejectCodes[code].retryable),
    ...(waitMs !== undefined && { retry_after_ms: waitMs }),
    ...(firstAvailableSeq !== undefined && { first_available_seq: firstAvailableSeq }),
    ...(clientMessageId !== undefined && { client_message_id: clientMessageId }),
    ...(errors !== undefined && { errors }),
  };
};
