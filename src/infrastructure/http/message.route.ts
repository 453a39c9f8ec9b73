import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { readMessage, readReactions, readVersions } from '../../application/use-cases/read-history.ts';
import { rev, seq } from '../../domain/ids.ts';
import { formatMicros } from '../../domain/time.ts';
import { reactCommand } from '../../interface-adapters/amqp/command-json.ts';
import { messageViewJson } from '../../interface-adapters/amqp/event-json.ts';
import { reactionSchema } from '../../interface-adapters/amqp/events.schema.ts';
import { emojiSchema } from '../../interface-adapters/amqp/fields.schema.ts';
import { wireUserId, wireUserIdSchema } from '../../interface-adapters/amqp/user-id.ts';
import { messageSchema } from '../../interface-adapters/http/message.schema.ts';
import { minRevSchema } from '../../interface-adapters/http/page.schema.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { messageParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { answerCommand, type CommandDeps } from './command-answer.ts';
import { commandCodes, idempotencyQuerySchema, readCodes, replayNote, security } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type OneMessageRoutesDeps = CommandDeps & {
  readonly readMessage: ReturnType<typeof readMessage>;
  readonly readVersions: ReturnType<typeof readVersions>;
  readonly readReactions: ReturnType<typeof readReactions>;
};

const tags = ['messages'];
const reading = problemResponses(...readCodes, 'TARGET_NOT_FOUND', 'GONE');
const minRevQuerySchema = z.strictObject({ min_rev: minRevSchema });
const reactionParamsSchema = messageParamsSchema.extend({ emoji: emojiSchema });

const versionsSchema = z
  .object({
    items: z
      .array(z.object({ version: z.int(), body: z.string(), at: z.string(), sender_id: wireUserIdSchema }))
      .describe('The post first. None of a message that is gone.'),
  })
  .meta({ id: 'MessageVersions' });

const reactionsSchema = z
  .object({ items: z.array(z.object({ user_id: wireUserIdSchema, emoji: z.array(z.string()) })) })
  .meta({ id: 'MessageReactions' });

export const oneMessageRoutes =
  (deps: OneMessageRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/chats/:chat_id/messages/:seq',
      {
        schema: {
          summary: 'Read a message',
          tags,
          security,
          params: messageParamsSchema,
          querystring: minRevQuerySchema,
          response: { 200: messageSchema, ...reading },
        },
      },
      async (request, reply) => {
        const { chat_id: chatId, seq: at } = request.params;
        const { min_rev } = request.query;
        const minRev = min_rev === undefined ? undefined : rev(min_rev);
        const result = await deps.readMessage({ userId: request.userId, chatId, seq: seq(at), minRev });
        return result.kind === 'ok' ? messageViewJson(result.found) : sendRejection(request, reply, result.rejection);
      },
    );

    app.get(
      '/chats/:chat_id/messages/:seq/versions',
      {
        schema: {
          summary: 'Read all versions of a message',
          tags,
          security,
          params: messageParamsSchema,
          response: { 200: versionsSchema, ...reading },
        },
      },
      async (request, reply) => {
        const { chat_id: chatId, seq: at } = request.params;
        const result = await deps.readVersions({ userId: request.userId, chatId, seq: seq(at) });
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        const items = result.found.map((one) => ({
          version: one.version,
          body: one.body,
          at: formatMicros(one.at),
          sender_id: wireUserId(one.by),
        }));
        return { items };
      },
    );

    app.get(
      '/chats/:chat_id/messages/:seq/reactions',
      {
        schema: {
          summary: 'Read who reacted how',
          tags,
          security,
          params: messageParamsSchema,
          response: { 200: reactionsSchema, ...reading },
        },
      },
      async (request, reply) => {
        const { chat_id: chatId, seq: at } = request.params;
        const result = await deps.readReactions({ userId: request.userId, chatId, seq: seq(at) });
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        return {
          items: result.found.map(({ userId, emoji }) => ({ user_id: wireUserId(userId), emoji: [...emoji] })),
        };
      },
    );

    const reactions = [
      ['PUT', 'reaction.add', 'React to a message'],
      ['DELETE', 'reaction.remove', 'Take a reaction back'],
    ] as const;
    for (const [method, type, summary] of reactions) {
      app.route({
        method,
        url: '/chats/:chat_id/messages/:seq/reactions/:emoji',
        schema: {
          summary,
          description: `Twice is as good as once. The emoji is percent-encoded in the address.${replayNote}`,
          tags,
          security,
          params: reactionParamsSchema,
          querystring: idempotencyQuerySchema,
          response: {
            200: reactionSchema,
            ...problemResponses(...commandCodes, 'TARGET_NOT_FOUND', 'TARGET_DELETED', 'CHAT_LOCKED'),
          },
        },
        handler: async (request, reply) => {
          const { chat_id: chatId, seq: at, emoji } = request.params as z.output<typeof reactionParamsSchema>;
          const { client_message_id: given } = request.query as z.output<typeof idempotencyQuerySchema>;
          return answerCommand(deps, request, reply, { chatId, given }, (identity) =>
            reactCommand(identity, { type, seq: seq(at), emoji }),
          );
        },
      });
    }
  };
