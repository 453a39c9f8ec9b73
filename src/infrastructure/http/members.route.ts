import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { getChat } from '../../application/use-cases/get-chat.ts';
import {
  addMemberCommand,
  muteMemberCommand,
  removeMemberCommand,
  setRoleCommand,
} from '../../interface-adapters/amqp/command-json.ts';
import {
  memberAddedSchema,
  memberMutedSchema,
  memberRemovedSchema,
  roleSetSchema,
} from '../../interface-adapters/amqp/events.schema.ts';
import { instantSchema } from '../../interface-adapters/amqp/fields.schema.ts';
import { userIdPattern, userIdSchema } from '../../interface-adapters/amqp/user-id.ts';
import { idempotencySchema, memberJson, memberSchema, roleSchema } from '../../interface-adapters/http/chat.schema.ts';
import { defaultPageSize, limitSchema } from '../../interface-adapters/http/page.schema.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema, memberParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { answerCommand, type CommandDeps } from './command-answer.ts';
import { commandCodes, idempotencyQuerySchema, readCodes, replayNote, security } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type MemberRoutesDeps = CommandDeps & { readonly getChat: ReturnType<typeof getChat> };

const tags = ['members'];

export const memberRoutes =
  (deps: MemberRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/chats/:chat_id/members',
      {
        schema: {
          summary: 'List the members of a chat',
          description:
            'The creator first, then in the order of their ids. `after` names the last one of the page before.',
          tags,
          security,
          params: chatParamsSchema,
          querystring: z.strictObject({
            after: userIdSchema.optional().meta({ type: 'string', pattern: userIdPattern }),
            limit: limitSchema,
          }),
          response: {
            200: z.object({ items: z.array(memberSchema), has_more: z.boolean() }).meta({ id: 'MemberPage' }),
            ...problemResponses(...readCodes),
          },
        },
      },
      async (request, reply) => {
        const { after, limit = defaultPageSize } = request.query;
        const result = await deps.getChat({ userId: request.userId, chatId: request.params.chat_id });
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        const [creator, ...others] = result.chat.members;
        const rest =
          after === undefined
            ? result.chat.members
            : others.filter(({ userId }) => after === creator?.userId || userId > after);
        return { items: rest.slice(0, limit).map(memberJson), has_more: rest.length > limit };
      },
    );

    app.post(
      '/chats/:chat_id/members',
      {
        schema: {
          summary: 'Add a member',
          description: `They see what is posted from then on, or everything where the chat says so.${replayNote}`,
          tags,
          security,
          params: chatParamsSchema,
          body: z
            .strictObject({
              user_id: userIdSchema,
              role: roleSchema.optional(),
              client_message_id: idempotencySchema,
            })
            .meta({ id: 'AddMember' }),
          response: { 200: memberAddedSchema, 201: memberAddedSchema, ...problemResponses(...commandCodes) },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.body.client_message_id, created: true },
          (identity) => addMemberCommand(identity, { userId: request.body.user_id, role: request.body.role }),
        ),
    );

    app.delete(
      '/chats/:chat_id/members/:user_id',
      {
        schema: {
          summary: 'Remove a member, or leave',
          description: `From the very next command on they can neither post nor read.${replayNote}`,
          tags,
          security,
          params: memberParamsSchema,
          querystring: idempotencyQuerySchema,
          response: { 200: memberRemovedSchema, ...problemResponses(...commandCodes, 'TARGET_NOT_FOUND') },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.query.client_message_id },
          (identity) => removeMemberCommand(identity, { userId: request.params.user_id }),
        ),
    );

    app.put(
      '/chats/:chat_id/members/:user_id/role',
      {
        schema: {
          summary: 'Set the role of a member',
          description: `A chat keeps at least one owner.${replayNote}`,
          tags,
          security,
          params: memberParamsSchema,
          body: z.strictObject({ role: roleSchema, client_message_id: idempotencySchema }).meta({ id: 'SetRole' }),
          response: { 200: roleSetSchema, ...problemResponses(...commandCodes, 'TARGET_NOT_FOUND') },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.body.client_message_id },
          (identity) => setRoleCommand(identity, { userId: request.params.user_id, role: request.body.role }),
        ),
    );

    app.put(
      '/chats/:chat_id/members/:user_id/mute',
      {
        schema: {
          summary: 'Mute a member, or end it',
          description: `Who is muted reads and does not write, until the time given; null ends it.${replayNote}`,
          tags,
          security,
          params: memberParamsSchema,
          body: z
            .strictObject({ until: instantSchema.nullable(), client_message_id: idempotencySchema })
            .meta({ id: 'MuteMember' }),
          response: { 200: memberMutedSchema, ...problemResponses(...commandCodes, 'TARGET_NOT_FOUND') },
        },
      },
      async (request, reply) =>
        answerCommand(
          deps,
          request,
          reply,
          { chatId: request.params.chat_id, given: request.body.client_message_id },
          (identity) => muteMemberCommand(identity, { userId: request.params.user_id, until: request.body.until }),
        ),
    );
  };
