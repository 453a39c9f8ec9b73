import { z } from 'zod';
import type { ChatView } from '../../application/ports/chat-reader.ts';
import { maxMembers, maxTitleLength } from '../../domain/chat/command.ts';
import { clientMessageIdSchema, textSchema } from '../amqp/command-json.ts';
import { userIdSchema, wireUserId } from '../amqp/user-id.ts';
import { wireUserIdSchema } from './wire.schema.ts';

/** Strict: a field that would be dropped in silence is refused. */
export const createChatSchema = z
  .strictObject({
    kind: z.enum(['direct', 'group']),
    member_ids: z
      .array(userIdSchema)
      .max(maxMembers, `a chat has at most ${maxMembers} members`)
      .describe(
        'Of a direct chat exactly one other user, or yourself. The creator of a group is in it, listed or not.',
      ),
    title: textSchema
      .refine((text) => text.length <= maxTitleLength, `a title has at most ${maxTitleLength} characters`)
      .nullish(),
    client_message_id: clientMessageIdSchema
      .optional()
      .describe('Yours; repeating it gives the same group again. The service makes one when you give none.'),
  })
  .meta({ id: 'CreateChat' });

export type CreateChatJson = z.output<typeof createChatSchema>;

export const chatSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['direct', 'group']),
    title: z.string().nullable(),
    members: z.array(z.object({ user_id: wireUserIdSchema, role: z.enum(['owner', 'admin', 'member', 'guest']) })),
    last_seq: z.int().describe('seq of the newest message; 0 while there is none.'),
    rev: z.int().describe('Counts every change of the chat.'),
  })
  .meta({ id: 'Chat' });

export const createdChatSchema = chatSchema.extend({ client_message_id: z.string() }).meta({ id: 'CreatedChat' });

export const chatJson = (chat: ChatView): z.output<typeof chatSchema> => ({
  id: chat.id,
  kind: chat.kind,
  title: chat.title,
  members: chat.members.map((member) => ({ user_id: wireUserId(member.userId), role: member.role })),
  last_seq: chat.lastSeq,
  rev: chat.rev,
});
