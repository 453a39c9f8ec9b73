import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Rejection } from '../../domain/chat/rejection.ts';
import { type Problem, problemOf } from '../../interface-adapters/http/problem.ts';

/** Answers with a problem document. Returns the reply, for handlers to return. */
export const sendProblem = (reply: FastifyReply, problem: Problem): FastifyReply => {
  if (problem.retry_after_ms !== undefined) void reply.header('retry-after', Math.ceil(problem.retry_after_ms / 1000));
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
};

/** The same for a command or a read that was refused. */
export const sendRejection = (
  request: FastifyRequest,
  reply: FastifyReply,
  { code, reason, retryAfterMs, firstAvailableSeq }: Rejection,
): FastifyReply =>
  sendProblem(
    reply,
    problemOf(code, reason, { clientMessageId: request.clientMessageId, retryAfterMs, firstAvailableSeq }),
  );
