import { z } from 'zod';
import { type ErasurePosition, type ErasureStep, erasureStart } from '../../application/use-cases/erase-user.ts';
import type { UserId } from '../../domain/ids.ts';
import { wireUserId, wireUserIdSchema } from '../amqp/user-id.ts';

const positionSchema = z.object({
  user: z.string(),
  all: z.boolean(),
  after: z.string().optional(),
  seq: z.int().min(0),
});

export type ErasureWalk = { readonly userId: UserId; readonly allChats: boolean; readonly from: ErasurePosition };

export const encodeErasure = ({ userId, allChats, from }: ErasureWalk): string =>
  Buffer.from(JSON.stringify({ user: userId, all: allChats, ...from })).toString('base64url');

/** Undefined when it is none, or one of another user's or another kind of walk. */
export const decodeErasure = (userId: UserId, allChats: boolean, next: string | undefined): ErasureWalk | undefined => {
  if (next === undefined) return { userId, allChats, from: erasureStart };
  try {
    const read = positionSchema.safeParse(JSON.parse(Buffer.from(next, 'base64url').toString()));
    if (!read.success || read.data.user !== userId || read.data.all !== allChats) return undefined;
    return { userId, allChats, from: { after: read.data.after, seq: read.data.seq } };
  } catch {
    return undefined;
  }
};

export const erasureRequestSchema = z
  .strictObject({
    next: z.string().max(1_000).optional().describe('`next` of the answer before; left out to begin.'),
    all_chats: z
      .boolean()
      .default(false)
      .describe('Go through all chats of the service, not only those that the user is known to have been in.'),
  })
  .meta({ id: 'EraseUser' });

const count = z.int().min(0);

export const erasureSchema = z
  .object({
    user_id: wireUserIdSchema,
    done: z.boolean().describe('Nothing is left to be erased but what is listed as failed.'),
    next: z.string().nullable().describe('Send it to go on; null when it is done.'),
    chats: z
      .array(z.object({ chat_id: z.string(), erased: count, already_erased: count }))
      .describe('What was done in this step, chat by chat: those with messages of the user.'),
    erased: count.describe('Messages blanked in this step.'),
    already_erased: count.describe('Messages that had been blanked before.'),
    failed: z
      .array(z.object({ chat_id: z.string(), code: z.string(), reason: z.string() }))
      .describe('Chats that refused, and were passed over: they have to be looked at, and the erasure done again.'),
  })
  .meta({ id: 'Erasure' });

export const erasureJson = (
  { userId, allChats }: Pick<ErasureWalk, 'userId' | 'allChats'>,
  { done, next, chats, failed }: ErasureStep,
): z.output<typeof erasureSchema> => ({
  user_id: wireUserId(userId),
  done,
  next: next === undefined ? null : encodeErasure({ userId, allChats, from: next }),
  chats: chats.map(({ chatId, erased, alreadyErased }) => ({
    chat_id: chatId,
    erased,
    already_erased: alreadyErased,
  })),
  erased: chats.reduce((sum, { erased }) => sum + erased, 0),
  already_erased: chats.reduce((sum, { alreadyErased }) => sum + alreadyErased, 0),
  failed: failed.map(({ chatId, code, reason }) => ({ chat_id: chatId, code, reason })),
});
