import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { MessagePage } from '../../application/ports/chat-reader.ts';
import type { readHistory } from '../../application/use-cases/read-history.ts';
import { maxBodyBytes } from '../../domain/chat/command.ts';
import { rev, seq } from '../../domain/ids.ts';
import {
  deleteMessageCommand,
  editMessageCommand,
  postMessageCommand,
} from '../../interface-adapters/amqp/command-json.ts';
import {
  messageDeletedSchema,
  messageEditedSchema,
  messagePostedSchema,
} from '../../interface-adapters/amqp/events.schema.ts';
import { extrasOf } from '../../interface-adapters/amqp/message-commands.ts';
import {
  deleteQuerySchema,
  editMessageSchema,
  postMessageSchema,
} from '../../interface-adapters/http/message.schema.ts';
import { pageQuerySchema, pageSchema } from '../../interface-adapters/http/page.schema.ts';
import { pageJson, pageRequestOf } from '../../interface-adapters/http/page-json.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema, messageParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { answerCommand, type CommandDeps } from './command-answer.ts';
import { commandCodes, readCodes, replayNote, security, sendJson } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type MessageRoutesDeps = CommandDeps & { readonly readHistory: ReturnType<typeof readHistory> };

const tags = ['messages'];

/** A store may answer the very page again: its JSON is made once. */
const newestTexts = new WeakMap<MessagePage, string>();

export const messageRoutes =
  (deps: MessageRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/chats/:chat_id/messages',
      {
        schema: {
          summary: 'Post a message',
          description: `201 with the message once it is stored for good.${replayNote}`,
          tags,
          security,
          params: chatParamsSchema,
          body: postMessageSchema,
          response: {
            200: messagePostedSchema,
            201: messagePostedSchema,
            ...problemResponses(...commandCodes, 'SLOW_MODE', 'CHAT_LOCKED', 'TARGET_NOT_FOUND'),
          },
        },
      },
      async (request, reply) => {
        const { body } = request.body;
        if (Buffer.byteLength(body) > maxBodyBytes) {
          const reason = `body: a message has at most ${maxBodyBytes} bytes`;
          return sendRejection(request, reply, { code: 'PAYLOAD_TOO_LARGE', reason });
        }
        return answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.body.client_message_id, created: true },
          (identity) => postMessageCommand(identity, { body, extras: extrasOf(request.body) }),
        );
      },
    );

    app.get(
      '/chats/:chat_id/messages',
      {
        schema: {
          summary: 'Read a page of messages',
          description:
            'Newest first. Give at most one of `before`, `after`, `around`, `time` and `cursor`. 410 when it would begin with messages ' +
            'that are not kept any more; `after=0` begins with the first that is.',
          tags,
          security,
          params: chatParamsSchema,
          querystring: pageQuerySchema,
          response: { 200: pageSchema, ...problemResponses(...readCodes, 'GONE') },
        },
      },
      async (request, reply) => {
        const { chat_id: chatId } = request.params;
        const parsed = pageRequestOf(chatId, request.query);
        if (parsed.kind === 'rejected') return sendRejection(request, reply, parsed.rejection);
        const { min_rev } = request.query;
        const minRev = min_rev === undefined ? undefined : rev(min_rev);
        const result = await deps.readHistory({ userId: request.userId, chatId, minRev }, parsed.request);
        if (result.kind !== 'ok') return sendRejection(request, reply, result.rejection);
        const { page } = result;
        if (parsed.request.anchor.at !== 'newest') return pageJson(chatId, parsed.request, page);
        let text = newestTexts.get(page);
        if (text === undefined) {
          text = JSON.stringify(pageJson(chatId, parsed.request, page));
          newestTexts.set(page, text);
        }
        return sendJson(reply, text);
      },
    );

    app.patch(
      '/chats/:chat_id/messages/:seq',
      {
        schema: {
          summary: 'Edit a message',
          description: `With \`if_version\` only when it still has that version.${replayNote}`,
          tags,
          security,
          params: messageParamsSchema,
          body: editMessageSchema,
          response: {
            200: messageEditedSchema,
            ...problemResponses(
              ...commandCodes,
              'TARGET_NOT_FOUND',
              'TARGET_DELETED',
              'VERSION_CONFLICT',
              'EDIT_WINDOW_CLOSED',
              'CHAT_LOCKED',
            ),
          },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.body.client_message_id },
          (identity) =>
            editMessageCommand(identity, {
              seq: seq(request.params.seq),
              body: request.body.body,
              ifVersion: request.body.if_version ?? undefined,
            }),
        ),
    );

    app.delete(
      '/chats/:chat_id/messages/:seq',
      {
        schema: {
          summary: 'Delete a message',
          description: `For everyone, and a stub stays; or only for you.${replayNote}`,
          tags,
          security,
          params: messageParamsSchema,
          querystring: deleteQuerySchema,
          response: {
            200: messageDeletedSchema,
            ...problemResponses(...commandCodes, 'TARGET_NOT_FOUND', 'TARGET_DELETED'),
          },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.query.client_message_id },
          (identity) => deleteMessageCommand(identity, { seq: seq(request.params.seq), scope: request.query.for }),
        ),
    );
  };
