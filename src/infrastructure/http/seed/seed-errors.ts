import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { errors as joseErrors } from 'jose';
import { DirectoryUnavailable } from '../../../application/ports/user-directory.ts';
import { answerError } from '../error-handling.ts';
import { KeysUnavailable } from '../remote-keys.ts';
import { sendJson } from '../route-kit.ts';
import type { TokenVerifier } from '../verify-token.ts';

/** The shapes in which the seed says no: its callers know these. Where it answered 500, the service's own problem documents. */
const problem = (reply: FastifyReply, body: Readonly<Record<string, string>>): FastifyReply =>
  reply.code(401).type('application/problem+json').send(JSON.stringify(body));

export const chatCreationDenied = (reply: FastifyReply) =>
  problem(reply, {
    title: 'Chat creation is denied.',
    'Authorization error.': 'You are not permitted to create such chat.',
  });

export const retrievalDenied = (reply: FastifyReply) =>
  problem(reply, {
    title: 'Message retrieval is denied.',
    'Authorization error': 'You are not permitted to retrieve the messages of this chat.',
  });

export const updateDenied = (reply: FastifyReply) =>
  problem(reply, {
    title: 'Chat updating is denied.',
    'Chat updating is denied.': 'You are not permitted to update the chats with such info.',
  });

const directoryUnavailable = (reply: FastifyReply) =>
  problem(reply, {
    title: 'External server is unavailable.',
    details: 'The names of the users cannot be read at the moment.',
  });

const bearer = /^Bearer +(\S+) *$/i;

const tokenRefused = (reply: FastifyReply, sentence: string) =>
  reply.code(401).send({ detail: { title: 'Authentication exception.', details: { 'non-field-error': sentence } } });

/** An onRequest hook, as the seed's clients know it. */
export const authenticateLikeTheSeed =
  (verify: TokenVerifier) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { authorization } = request.headers;
    if (authorization === undefined) return reply.code(403).send({ detail: 'Not authenticated' });
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined) return reply.code(403).send({ detail: 'Invalid authentication credentials' });
    try {
      request.userId = await verify(token);
      return undefined;
    } catch (error) {
      if (error instanceof KeysUnavailable) throw error;
      request.log.debug({ reason: (error as Error).message }, 'token refused');
      const isPayload =
        (error instanceof joseErrors.JWTClaimValidationFailed && error.claim === 'user_id') ||
        !(error instanceof joseErrors.JOSEError);
      return tokenRefused(reply, isPayload ? 'Invalid payload in the token.' : 'An invalid token was provided.');
    }
  };

/** Validation errors as FastAPI lists them. */
export const answerLikeTheSeed = (error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  if (error instanceof DirectoryUnavailable) return directoryUnavailable(reply);
  if (!hasZodFastifySchemaValidationErrors(error)) {
    const { code } = error as { code?: string };
    if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
      return invalid(reply, [{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }]);
    return answerError(error, request, reply);
  }
  const context = error.validationContext === 'querystring' ? 'query' : 'body';
  return invalid(
    reply,
    error.validation.map(({ instancePath, message }) => ({
      type: 'value_error',
      loc: [context, ...instancePath.slice(1).split('/').filter(Boolean)],
      msg: message ?? 'not valid',
    })),
  );
};

type Detail = { readonly type: string; readonly loc: readonly (string | number)[]; readonly msg: string };

export const invalid = (reply: FastifyReply, detail: readonly Detail[]): FastifyReply =>
  sendJson(reply.code(422), JSON.stringify({ detail }));
