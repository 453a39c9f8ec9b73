import { z } from 'zod';
import { ageClasses, everyAction } from '../../domain/access/access-request.ts';
import { rejectCodes } from '../../domain/chat/rejection.ts';
import { roles } from '../../domain/chat/roster.ts';
import { chatIdSchema } from '../amqp/command-json.ts';
import { decisionSchema, eventSchema } from '../amqp/events.schema.ts';
import { userIdSchema } from '../amqp/user-id.ts';

export const explainRequestSchema = z
  .strictObject({
    user_id: userIdSchema.meta({ description: 'Who would do it.' }),
    action: z.enum(everyAction),
    chat_id: chatIdSchema.optional().meta({ description: 'Left out only by operators, about chat:create.' }),
    kind: z.enum(['direct', 'group']).optional().describe('Of a chat that is to be created.'),
    seq: z.int().min(1).optional().describe('The message that it is about.'),
    for_everyone: z.boolean().optional().describe('False: a deletion for oneself.'),
    about_user_id: userIdSchema.optional().meta({ description: 'The member that it is about.' }),
    new_role: z.enum(roles).optional().describe('The role they are to have.'),
  })
  .meta({ id: 'ExplainAccess' });

const role = z.enum([...roles, 'none']);

export const factsSchema = z
  .strictObject({
    is_member: z.boolean(),
    is_system: z.boolean(),
    on_behalf: z.boolean(),
    role,
    muted: z.boolean(),
    chat_kind: z.enum(['direct', 'group', 'none']),
    chat_closed: z.boolean(),
    is_author: z.boolean(),
    age: z.enum(ageClasses),
    for_everyone: z.boolean(),
    is_self: z.boolean(),
    target_role: role,
    new_role: role,
  })
  .meta({ id: 'Facts', description: 'All that a policy may look at.' });

const rulesSchema = z.array(
  z.object({ id: z.string(), effect: z.enum(['permit', 'forbid']), place: z.string().describe('file:line') }),
);

export const accessExplainedSchema = z
  .object({
    effect: z.enum(['permit', 'deny']),
    code: z.enum(Object.keys(rejectCodes) as [keyof typeof rejectCodes, ...(keyof typeof rejectCodes)[]]).nullable(),
    reason: z.string().nullable(),
    policy: z.string().nullable().describe('Short hash of the policy set.'),
    rules: rulesSchema.describe('Those that decided; none when nothing permits it.'),
    facts: factsSchema,
  })
  .meta({ id: 'AccessExplained' });

export const decisionExplainedSchema = z
  .object({
    event: eventSchema,
    decision: decisionSchema.nullable().describe('Null of what is older than receipts.'),
    in_force: z.boolean().describe('The policy set that decided is the one in force.'),
    rules: rulesSchema.describe('Where the rules stand, while their set is in force.'),
  })
  .meta({ id: 'DecisionExplained' });
