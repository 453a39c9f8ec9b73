import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { IdGenerator } from '../../application/ports/system.ts';
import type { createChat } from '../../application/use-cases/create-chat.ts';
import type { getChat } from '../../application/use-cases/get-chat.ts';
import { clientMessageId } from '../../domain/ids.ts';
import {
  chatJson,
  chatSchema,
  createChatSchema,
  createdChatSchema,
} from '../../interface-adapters/http/chat.schema.ts';
import { createChatRequest } from '../../interface-adapters/http/create-chat-request.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { sendRejection } from './send-problem.ts';

export type ChatRoutesDeps = {
  readonly createChat: ReturnType<typeof createChat>;
  readonly getChat: ReturnType<typeof getChat>;
  readonly ids: IdGenerator;
  readonly commandTimeoutMs: number;
};

const security = [{ token: [] }];

export const chatRoutes =
  (deps: ChatRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/chats',
      {
        schema: {
          summary: 'Create a chat',
          description:
            'A direct chat of the same two users is always the same chat, and a group is the same for the same ' +
            '`client_message_id`: 201 when it is new, 200 when it was there.',
          tags: ['chats'],
          security,
          body: createChatSchema,
          response: {
            200: createdChatSchema,
            201: createdChatSchema,
            ...problemResponses(
              'UNAUTHENTICATED',
              'FORBIDDEN',
              'POLICY_DENIED',
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
        const id = request.body.client_message_id ?? clientMessageId(deps.ids.random());
        const made = createChatRequest(request.userId, id, request.body);
        if (made.kind === 'rejected') return sendRejection(request, reply, made.rejection);
        request.clientMessageId = id;
        const result = await deps.createChat(made.command, deps.commandTimeoutMs);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return reply.code(result.created ? 201 : 200).send({ ...chatJson(result.chat), client_message_id: id });
      },
    );

    app.get(
      '/chats/:chat_id',
      {
        schema: {
          summary: 'Read a chat',
          description: 'Its settings and members. Unknown chats and chats of others are answered alike.',
          tags: ['chats'],
          security,
          params: chatParamsSchema,
          response: {
            200: chatSchema,
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
        const result = await deps.getChat(request.userId, request.params.chat_id);
        return result.kind === 'ok' ? chatJson(result.chat) : sendRejection(request, reply, result.rejection);
      },
    );
  };
