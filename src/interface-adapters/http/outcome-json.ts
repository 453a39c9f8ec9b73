import { z } from 'zod';
import type { ReadOutcome } from '../../application/use-cases/command-outcome.ts';
import { isRejectCode } from '../../domain/chat/rejection.ts';

const accepted = z.looseObject({
  type: z.enum(['message.posted', 'chat.created']),
  sender_id: z.union([z.int(), z.string()]),
  client_message_id: z.string(),
});
const rejected = z.looseObject({
  type: z.enum(['message.rejected', 'command.rejected']),
  code: z.string().refine(isRejectCode),
  reject_reason: z.string(),
});
const outcome = z.union([accepted, rejected]);

/** Reads an event as the answer to a command. Throws a ZodError or SyntaxError when it is none that we know. */
export const readOutcome: ReadOutcome = (event) => {
  const json = outcome.parse(JSON.parse(event));
  switch (json.type) {
    case 'message.posted':
    case 'chat.created':
      return { kind: 'accepted', senderId: String(json.sender_id), clientMessageId: json.client_message_id };
    case 'message.rejected':
    case 'command.rejected':
      return { kind: 'rejected', rejection: { code: json.code, reason: json.reject_reason } };
  }
};
