import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { createChat } from '../../application/use-cases/create-chat.ts';
import type { getChat } from '../../application/use-cases/get-chat.ts';
import type { listChats } from '../../application/use-cases/list-chats.ts';
import { clientMessageId, rev } from '../../domain/ids.ts';
import { settingsOf, updateChatCommand } from '../../interface-adapters/amqp/command-json.ts';
import { chatUpdatedSchema } from '../../interface-adapters/amqp/events.schema.ts';
import {
  chatJson,
  chatListSchema,
  chatSchema,
  createChatSchema,
  createdChatSchema,
  summaryJson,
  updateChatSchema,
} from '../../interface-adapters/http/chat.schema.ts';
import { createChatRequest } from '../../interface-adapters/http/create-chat-request.ts';
import { decodeListCursor, encodeListCursor } from '../../interface-adapters/http/cursor.ts';
import { defaultPageSize, limitSchema, minRevSchema } from '../../interface-adapters/http/page.schema.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { answerCommand, type CommandDeps } from './command-answer.ts';
import { whoCommands } from './on-behalf.ts';
import { commandCodes, readCodes, replayNote, security } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type ChatRoutesDeps = CommandDeps & {
  readonly createChat: ReturnType<typeof createChat>;
  readonly getChat: ReturnType<typeof getChat>;
  readonly listChats: ReturnType<typeof listChats>;
};

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
          response: { 200: createdChatSchema, 201: createdChatSchema, ...problemResponses(...commandCodes) },
        },
      },
      async (request, reply) => {
        const id = request.body.client_message_id ?? clientMessageId(deps.ids.random());
        const who = whoCommands(request);
        if (who.kind === 'rejected') return sendRejection(request, reply, who.rejection);
        const { senderId, actedBy } = who;
        const made = createChatRequest({ senderId, actedBy }, id, request.body);
        if (made.kind === 'rejected') return sendRejection(request, reply, made.rejection);
        request.clientMessageId = id;
        const result = await deps.createChat(made.command, deps.commandTimeoutMs);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return reply.code(result.created ? 201 : 200).send({ ...chatJson(result.chat), client_message_id: id });
      },
    );

    app.get(
      '/chats',
      {
        schema: {
          summary: 'List your chats',
          description:
            'The most recently active first, with the last message and how much is unread. The order of chats that were ' +
            'active within the same ten minutes (an hour in those of more than ten members) may differ.',
          tags: ['chats'],
          security,
          querystring: z.strictObject({ cursor: z.string().max(500).optional(), limit: limitSchema }),
          response: { 200: chatListSchema, ...problemResponses(...readCodes) },
        },
      },
      async (request, reply) => {
        const { cursor, limit = defaultPageSize } = request.query;
        const after = cursor === undefined ? undefined : decodeListCursor(cursor);
        if (cursor !== undefined && after === undefined)
          return sendRejection(request, reply, { code: 'VALIDATION_FAILED', reason: 'cursor: this is not a cursor' });
        const chats = await deps.listChats({ userId: request.userId, limit, after });
        const last = chats.at(-1);
        const next = chats.length < limit || last === undefined ? null : encodeListCursor({ ...last, chatId: last.id });
        return { items: chats.map(summaryJson), next };
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
          querystring: z.strictObject({ min_rev: minRevSchema }),
          response: { 200: chatSchema, ...problemResponses(...readCodes) },
        },
      },
      async (request, reply) => {
        const { min_rev } = request.query;
        const result = await deps.getChat({
          userId: request.userId,
          chatId: request.params.chat_id,
          minRev: min_rev === undefined ? undefined : rev(min_rev),
        });
        return result.kind === 'ok' ? chatJson(result.chat) : sendRejection(request, reply, result.rejection);
      },
    );

    app.patch(
      '/chats/:chat_id',
      {
        schema: {
          summary: 'Change the settings of a chat',
          description: `What is not named stays as it is.${replayNote}`,
          tags: ['chats'],
          security,
          params: chatParamsSchema,
          body: updateChatSchema,
          response: { 200: chatUpdatedSchema, ...problemResponses(...commandCodes) },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.body.client_message_id },
          (identity) => updateChatCommand(identity, settingsOf(request.body)),
        ),
    );
  };
