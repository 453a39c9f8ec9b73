import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { IdGenerator } from '../../application/ports/system.ts';
import type { postMessage } from '../../application/use-cases/post-message.ts';
import type { readHistory } from '../../application/use-cases/read-history.ts';
import { maxBodyBytes } from '../../domain/chat/command.ts';
import { clientMessageId } from '../../domain/ids.ts';
import { postMessageCommand } from '../../interface-adapters/amqp/command-json.ts';
import { messageOfEvent, messageSchema, postMessageSchema } from '../../interface-adapters/http/message.schema.ts';
import { pageQuerySchema, pageSchema } from '../../interface-adapters/http/page.schema.ts';
import { pageJson, pageRequestOf } from '../../interface-adapters/http/page-json.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { sendRejection } from './send-problem.ts';

export type MessageRoutesDeps = {
  readonly postMessage: ReturnType<typeof postMessage>;
  readonly readHistory: ReturnType<typeof readHistory>;
  readonly ids: IdGenerator;
  readonly commandTimeoutMs: number;
};

const security = [{ token: [] }];

export const messageRoutes =
  (deps: MessageRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/chats/:chat_id/messages',
      {
        schema: {
          summary: 'Post a message',
          description:
            '201 with the message once it is stored for good. A repeat with the same `client_message_id` is answered with ' +
            'the first message: 200 and the header `idempotency-replayed: true`.',
          tags: ['messages'],
          security,
          params: chatParamsSchema,
          body: postMessageSchema,
          response: {
            200: messageSchema,
            201: messageSchema,
            ...problemResponses(
              'UNAUTHENTICATED',
              'FORBIDDEN',
              'POLICY_DENIED',
              'CHAT_NOT_FOUND',
              'IDEMPOTENCY_KEY_REUSED',
              'PAYLOAD_TOO_LARGE',
              'OVERLOADED',
              'STORAGE_UNAVAILABLE',
              'POLICY_UNAVAILABLE',
              'OUTCOME_UNKNOWN',
            ),
          },
        },
      },
      async (request, reply) => {
        const { body, client_message_id } = request.body;
        if (Buffer.byteLength(body) > maxBodyBytes) {
          const reason = `body: a message has at most ${maxBodyBytes} bytes`;
          return sendRejection(request, reply, { code: 'PAYLOAD_TOO_LARGE', reason });
        }
        const id = client_message_id ?? clientMessageId(deps.ids.random());
        request.clientMessageId = id;
        const identity = { chatId: request.params.chat_id, senderId: request.userId, clientMessageId: id };
        const result = await deps.postMessage(postMessageCommand(identity, { body }), deps.commandTimeoutMs);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        if (result.replayed) void reply.header('idempotency-replayed', 'true');
        return reply.code(result.replayed ? 200 : 201).send(messageOfEvent(result.event));
      },
    );

    app.get(
      '/chats/:chat_id/messages',
      {
        schema: {
          summary: 'Read a page of messages',
          description: 'Newest first. Give at most one of `before`, `after`, `around` and `cursor`.',
          tags: ['messages'],
          security,
          params: chatParamsSchema,
          querystring: pageQuerySchema,
          response: {
            200: pageSchema,
            ...problemResponses(
              'UNAUTHENTICATED',
              'FORBIDDEN',
              'POLICY_DENIED',
              'CHAT_NOT_FOUND',
              'STORAGE_UNAVAILABLE',
              'POLICY_UNAVAILABLE',
            ),
          },
        },
      },
      async (request, reply) => {
        const parsed = pageRequestOf(request.params.chat_id, request.query);
        if (parsed.kind === 'rejected') return sendRejection(request, reply, parsed.rejection);
        const result = await deps.readHistory(request.userId, parsed.request);
        return result.kind === 'ok'
          ? pageJson(parsed.request, result.page)
          : sendRejection(request, reply, result.rejection);
      },
    );
  };
