import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from '../../interface-adapters/http/problem.ts';
import { problemOfError } from './problem-of-error.ts';
import { sendProblem } from './send-problem.ts';

/** Whatever is thrown ends here, and so does a URL that the router cannot read (Fastify's `frameworkErrors`). */
export const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const problem = problemOfError(error, request.clientMessageId);
  if (problem.status === 500) request.log.error({ err: error }, 'request failed');
  else if (problem.status > 500) request.log.warn({ err: error, code: problem.code }, 'request could not be served');
  return sendProblem(reply, problem);
};

/** What is no HTTP at all never becomes a request: answered on the bare socket. */
export const answerBrokenRequest = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const [status, phrase] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large']
        : [400, 'Bad Request'];
  const body = JSON.stringify(problemOf('VALIDATION_FAILED', 'The request could not be read.', { status }));
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};

export const answerErrors = (app: FastifyInstance): void => {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      problemOf('TARGET_NOT_FOUND', `There is no ${request.method} ${request.url.split('?')[0]} here.`),
    ),
  );
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'QUERY'];

/** After all routes: a known address with another method is 405 with the methods that it has, not 404. */
export const refuseOtherMethods = (app: FastifyInstance, routes: ReadonlyMap<string, ReadonlySet<string>>): void => {
  for (const [url, allowed] of [...routes]) {
    const allow = [...allowed].join(', ');
    app.route({
      url,
      method: methods.filter((method) => !allowed.has(method)),
      schema: { hide: true },
      // Before the body is read: nobody is asked to send one of the right form.
      onRequest: (_request, reply, _done) => {
        void reply.header('allow', allow);
        sendProblem(reply, problemOf('VALIDATION_FAILED', `This address takes ${allow}.`, { status: 405 }));
      },
      handler: (_request, reply) => reply,
    });
  }
};
