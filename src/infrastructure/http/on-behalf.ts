import type { FastifyRequest } from 'fastify';
import type { Rejection } from '../../domain/chat/rejection.ts';
import { isSystem } from '../../domain/chat/system-sender.ts';
import { parseUserId } from '../../domain/ids.ts';
import type { Who } from '../../interface-adapters/amqp/command-form.ts';

/** Of a command: the header `on-behalf-of` names whom the service itself acts for. Nobody else may, whoever they name. */
export const whoCommands = ({
  headers,
  userId,
}: Pick<FastifyRequest, 'headers' | 'userId'>):
  | ({ readonly kind: 'ok' } & Who)
  | { readonly kind: 'rejected'; readonly rejection: Rejection } => {
  const named = headers['on-behalf-of'];
  if (named === undefined) return { kind: 'ok', senderId: userId };
  if (!isSystem(userId))
    return {
      kind: 'rejected',
      rejection: { code: 'FORBIDDEN', reason: 'on-behalf-of: only the service itself acts for others.' },
    };
  const senderId = parseUserId(String(named));
  if (senderId === undefined || isSystem(senderId))
    return { kind: 'rejected', rejection: { code: 'VALIDATION_FAILED', reason: 'on-behalf-of: names one user.' } };
  return { kind: 'ok', senderId, actedBy: userId };
};
