import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { SendFailed } from '../../application/ports/command-sender.ts';
import { Unavailable } from '../../application/use-cases/result.ts';
import { type Problem, problemOf } from '../../interface-adapters/http/problem.ts';
import { bodyLimitBytes, maxHeaders } from './limits.ts';
import { TooManyRequests } from './rate-limits.ts';
import { KeysUnavailable } from './remote-keys.ts';
import { HostileBody, TooManyHeaders } from './request-limits.ts';

type HttpError = Error & { readonly statusCode?: unknown; readonly code?: unknown };

/** What the caller is told of an error. Sentences of our own only: a thrown message may name hosts, or worse. */
export const problemOfError = (error: unknown, clientMessageId: string | undefined): Problem => {
  if (error instanceof SendFailed || error instanceof Unavailable) return ofFailure(error.code, clientMessageId);
  if (error instanceof KeysUnavailable) {
    return problemOf('KEYS_UNAVAILABLE', 'Whether your token is good cannot be said at the moment; nothing was done.');
  }
  if (error instanceof TooManyRequests) {
    const { retryAfterMs } = error;
    return problemOf('RATE_LIMITED', 'You have sent too many requests in this minute.', { retryAfterMs });
  }
  if (error instanceof HostileBody) return problemOf('VALIDATION_FAILED', `The body is refused: ${error.message}.`);
  if (error instanceof TooManyHeaders) {
    return problemOf('VALIDATION_FAILED', `A request has at most ${maxHeaders} headers.`, { status: 431 });
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.slice(1).replaceAll('/', '.') || (error.validationContext ?? 'body'),
      message: message ?? 'not valid',
    }));
    const detail = errors.map((one) => `${one.field}: ${one.message}`).join('; ');
    return problemOf('VALIDATION_FAILED', detail, { errors });
  }
  return ofHttpError(error as HttpError, clientMessageId);
};

const ofFailure = (code: (SendFailed | Unavailable)['code'], clientMessageId: string | undefined): Problem => {
  switch (code) {
    case 'OUTCOME_UNKNOWN': {
      const id = clientMessageId === undefined ? '' : ` ${JSON.stringify(clientMessageId)}`;
      const detail = `It may or may not have been done. Send the same request again with the client_message_id${id}: it is done at most once, and you get its outcome.`;
      return problemOf(code, detail, { clientMessageId });
    }
    case 'OVERLOADED':
      return problemOf(code, 'The command was not taken; send it again.', { clientMessageId });
    case 'STORAGE_UNAVAILABLE':
    case 'POLICY_UNAVAILABLE':
      return problemOf(code, 'Nothing was done; try again.', { clientMessageId });
  }
};

const ofHttpError = ({ statusCode, code }: HttpError, clientMessageId: string | undefined): Problem => {
  switch (code) {
    case 'FST_ERR_HANDLER_TIMEOUT':
      // A command may be on its way; a read has only its store to wait for.
      return ofFailure(clientMessageId === undefined ? 'STORAGE_UNAVAILABLE' : 'OUTCOME_UNKNOWN', clientMessageId);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problemOf('PAYLOAD_TOO_LARGE', `A request body has at most ${bodyLimitBytes} bytes.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problemOf('VALIDATION_FAILED', 'Send content-type: application/json.', { status: 415 });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return problemOf('VALIDATION_FAILED', 'The body is not JSON.');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return problemOf('VALIDATION_FAILED', 'The request could not be read.', { status: statusCode });
  }
  return problemOf('INTERNAL_ERROR', 'It has been logged under the x-request-id of this answer.', { clientMessageId });
};
