import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { idempotencySchema } from '../../interface-adapters/http/chat.schema.ts';
import type { ProblemCode } from '../../interface-adapters/http/problem.ts';

/** What routes have in common in their descriptions. */
export const security = [{ token: [] }];

export const readCodes: readonly ProblemCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'POLICY_DENIED',
  'CHAT_NOT_FOUND',
  'NOT_YET',
  'RATE_LIMITED',
  'STORAGE_UNAVAILABLE',
  'POLICY_UNAVAILABLE',
];

export const commandCodes: readonly ProblemCode[] = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'POLICY_DENIED',
  'CHAT_NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'PAYLOAD_TOO_LARGE',
  'RATE_LIMITED',
  'OVERLOADED',
  'STORAGE_UNAVAILABLE',
  'POLICY_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
];

/** Text that is JSON already: nothing is made of it again. */
export const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(text);

/** For commands without a body. */
export const idempotencyQuerySchema = z.strictObject({ client_message_id: idempotencySchema });

export const replayNote =
  ' A repeat with the same `client_message_id` is answered with the first outcome and the header `idempotency-replayed: true`.';
