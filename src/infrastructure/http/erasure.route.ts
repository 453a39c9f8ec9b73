import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { eraseUser } from '../../application/use-cases/erase-user.ts';
import { isSystem } from '../../domain/chat/system-sender.ts';
import { userIdSchema } from '../../interface-adapters/amqp/user-id.ts';
import {
  decodeErasure,
  erasureJson,
  erasureRequestSchema,
  erasureSchema,
} from '../../interface-adapters/http/erasure-json.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { security } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type ErasureRoutesDeps = { readonly eraseUser: ReturnType<typeof eraseUser> };

const paramsSchema = z.object({ user_id: userIdSchema.meta({ description: 'The id of a user.', type: 'string' }) });

/** For operators: their tokens name the service itself as the user. */
export const erasureRoutes =
  (deps: ErasureRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/users/:user_id/erasure',
      {
        schema: {
          summary: 'Erase what a user has written (operators)',
          description:
            'Blanks their messages in every version and every chat they were ever in, and forgets their profile, a bounded piece at a time: ' +
            'send `next` of each answer until one is `done`. Any piece may be sent again. Only with a token of the user `system`.',
          tags: ['operations'],
          security,
          params: paramsSchema,
          body: erasureRequestSchema,
          response: {
            200: erasureSchema,
            ...problemResponses('UNAUTHENTICATED', 'FORBIDDEN', 'OVERLOADED', 'STORAGE_UNAVAILABLE', 'OUTCOME_UNKNOWN'),
          },
        },
      },
      async (request, reply) => {
        const { user_id: userId } = request.params;
        const { next, all_chats: allChats } = request.body;
        if (!isSystem(request.userId))
          return sendRejection(request, reply, { code: 'FORBIDDEN', reason: 'This is for operators only.' });
        const walk = decodeErasure(userId, allChats, next);
        if (walk === undefined)
          return sendRejection(request, reply, {
            code: 'VALIDATION_FAILED',
            reason: 'next: this is not where an erasure of this user, with this all_chats, has come to.',
          });
        const step = await deps.eraseUser(walk);
        return erasureJson(walk, step);
      },
    );
  };
