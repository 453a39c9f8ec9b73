import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ClientMessageId, UserId } from '../../domain/ids.ts';
import { problemOf } from '../../interface-adapters/http/problem.ts';
import { KeysUnavailable } from './remote-keys.ts';
import { sendProblem } from './send-problem.ts';
import type { TokenVerifier } from './verify-token.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set on every route under /v1, before anything of the request is looked at. */
    userId: UserId;
    /** Of a command, from the moment it has one: whatever goes wrong then, the answer says how to repeat it. */
    clientMessageId: ClientMessageId | undefined;
  }
}

const bearer = /^Bearer +(\S+) *$/i;

/** An onRequest hook: a bearer token or 401. Why a token was refused is not told, except that it was. */
export const authenticate =
  (verify: TokenVerifier) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const token = bearer.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      void reply.header('www-authenticate', 'Bearer');
      return sendProblem(reply, problemOf('UNAUTHENTICATED', 'Send a token: authorization: Bearer <token>.'));
    }
    try {
      request.userId = await verify(token);
      return undefined;
    } catch (error) {
      if (error instanceof KeysUnavailable) throw error;
      request.log.debug({ reason: (error as Error).message }, 'token refused');
      void reply.header('www-authenticate', 'Bearer error="invalid_token"');
      return sendProblem(
        reply,
        problemOf('UNAUTHENTICATED', 'The token is malformed, expired, or signed by somebody else.'),
      );
    }
  };
