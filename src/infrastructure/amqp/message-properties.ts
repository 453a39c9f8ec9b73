import type { ConsumeMessage, Options } from 'amqplib/callback_api';
import type { Command } from '../../domain/chat/command.ts';
import { encodeCommand } from '../../interface-adapters/amqp/command-json.ts';

/** Header of a command that had been delivered before it was forwarded; the next queue's own flag does not know. */
export const redeliveredHeader = 'x-redelivered';

/** What we write on a dead letter; its own headers stay beside them. */
export const deadLetterHeaders = {
  id: 'x-id',
  at: 'x-at',
  reason: 'x-reason',
  source: 'x-source-queue',
  attempts: 'x-attempts',
} as const;

/** Headers that the broker writes or acts on; passed on, they would lie or send copies elsewhere. */
export const brokersOwn: readonly string[] = ['x-delivery-count', 'x-acquired-count', 'CC'];

/** What the broker writes when a queue drops a message. */
export const isDeathHeader = (name: string): boolean => /^x-(death$|first-death-|last-death-)/.test(name);

/** The properties of a delivery for another publish, plus `added` headers. Two stay behind: `user_id`, because the broker closes the
 *  channel of whoever publishes with somebody else's, and `priority`, because from RabbitMQ 4 on a quorum queue lets the higher ones
 *  overtake, within a chat too. */
export const passedOn = (
  { properties }: Pick<ConsumeMessage, 'properties'>,
  added: Record<string, unknown>,
): Options.Publish => {
  const headers: Record<string, unknown> = { ...properties.headers };
  for (const name of brokersOwn) delete headers[name];
  return {
    contentType: properties.contentType,
    contentEncoding: properties.contentEncoding,
    deliveryMode: properties.deliveryMode,
    correlationId: properties.correlationId,
    replyTo: properties.replyTo,
    expiration: properties.expiration,
    messageId: properties.messageId,
    timestamp: properties.timestamp,
    type: properties.type,
    appId: properties.appId,
    headers: { ...headers, ...added },
  };
};

/** One command of a batch as a message of its own: the batch's properties, its own body, type and id. */
export const partOf = (batch: ConsumeMessage, command: Command): ConsumeMessage => ({
  ...batch,
  content: encodeCommand(command),
  properties: { ...batch.properties, type: command.type, messageId: command.clientMessageId },
});

export const wasRedelivered = ({ fields, properties }: ConsumeMessage): boolean =>
  fields.redelivered || properties.headers?.[redeliveredHeader] === true;

/** How often it has been delivered, as far as the queue tells: a classic one knows only once or again. */
export const deliveriesOf = ({ fields, properties }: ConsumeMessage): number => {
  const before: unknown = properties.headers?.['x-delivery-count'];
  return (typeof before === 'number' ? before : fields.redelivered ? 1 : 0) + 1;
};

/** A traceparent of a sane length: it is passed on as a header of our own. */
export const traceparentOf = ({ properties }: ConsumeMessage): string | undefined => {
  const value: unknown = properties.headers?.traceparent;
  return typeof value === 'string' && value.length <= 64 ? value : undefined;
};
