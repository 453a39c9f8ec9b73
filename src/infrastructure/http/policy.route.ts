import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RuleView } from '../../application/ports/policy-book.ts';
import type { explainAccess, explainDecision } from '../../application/use-cases/explain.ts';
import { seq } from '../../domain/ids.ts';
import { clientMessageIdSchema } from '../../interface-adapters/amqp/command-json.ts';
import { eventJson, receiptJson } from '../../interface-adapters/amqp/event-json.ts';
import type { eventSchema } from '../../interface-adapters/amqp/events.schema.ts';
import { userIdSchema } from '../../interface-adapters/amqp/user-id.ts';
import {
  accessExplainedSchema,
  decisionExplainedSchema,
  explainRequestSchema,
} from '../../interface-adapters/http/policy.schema.ts';
import { problemResponses } from '../../interface-adapters/http/problem-responses.ts';
import { chatParamsSchema } from '../../interface-adapters/http/wire.schema.ts';
import { readCodes, security } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type PolicyRoutesDeps = {
  readonly explainAccess: ReturnType<typeof explainAccess>;
  readonly explainDecision: ReturnType<typeof explainDecision>;
};

/** Where the files lie on this machine is nobody's business. */
const rulesJson = (rules: readonly RuleView[]) =>
  rules.map(({ id, effect, place }) => ({ id, effect, place: place.replace(/^.*[/\\]/, '') }));

export const policyRoutes =
  (deps: PolicyRoutesDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/policy/explain',
      {
        schema: {
          summary: 'Would somebody be allowed something?',
          description:
            'What the policy in force says, by which rules and with which facts. For owners and admins of the chat, and for ' +
            'operators (a token of `system`). Changes nothing.',
          tags: ['policy'],
          security,
          body: explainRequestSchema,
          response: { 200: accessExplainedSchema, ...problemResponses(...readCodes, 'VALIDATION_FAILED') },
        },
      },
      async (request, reply) => {
        const { body } = request;
        const result = await deps.explainAccess(request.userId, {
          userId: body.user_id,
          action: body.action,
          chatId: body.chat_id,
          kind: body.kind,
          seq: body.seq === undefined ? undefined : seq(body.seq),
          forEveryone: body.for_everyone ?? true,
          aboutUserId: body.about_user_id,
          newRole: body.new_role,
        });
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        const { decision, facts, rules } = result;
        const refusal = decision.effect === 'deny' ? decision : undefined;
        return {
          effect: decision.effect,
          code: refusal?.code ?? null,
          reason: refusal?.reason ?? null,
          policy: decision.basis?.policy ?? null,
          rules: rulesJson(rules),
          facts,
        };
      },
    );

    app.get(
      '/chats/:chat_id/decisions/:client_message_id',
      {
        schema: {
          summary: 'By which rule was this allowed?',
          description:
            'The receipt of an entry, for owners and admins of the chat and for operators. Rejections are not kept: 404.',
          tags: ['policy'],
          security,
          params: chatParamsSchema.extend({ client_message_id: clientMessageIdSchema }),
          querystring: z.strictObject({
            sender_id: userIdSchema.optional().meta({ description: 'Whose command it was; your own when left out.' }),
          }),
          response: { 200: decisionExplainedSchema, ...problemResponses(...readCodes, 'TARGET_NOT_FOUND') },
        },
      },
      async (request, reply) => {
        const { chat_id, client_message_id } = request.params;
        const sender = request.query.sender_id ?? request.userId;
        const result = await deps.explainDecision(request.userId, chat_id, sender, client_message_id);
        if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
        const { entry, inForce, rules } = result;
        return {
          event: eventJson(entry) as z.input<typeof eventSchema>,
          decision: entry.receipt === undefined ? null : receiptJson(entry.receipt),
          in_force: inForce,
          rules: rulesJson(rules),
        };
      },
    );
  };
