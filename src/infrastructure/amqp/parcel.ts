import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib/callback_api';

export type Parcel = {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
  /** The headers that must not be lost when the whole set cannot be written. */
  readonly ownHeaders: Record<string, unknown>;
};

/** Throws when the channel is gone. A producer may have sent what amqplib can read and not write (headers above 64 KiB, a timestamp
 *  beyond 2^63): the message matters more than its properties, so what cannot be written is left out, headers first. */
export const publishMandatory = (
  channel: ConfirmChannel,
  { exchange, routingKey, content, options, ownHeaders }: Parcel,
  confirmed: (error: Error | null) => void,
): void => {
  const { replyTo, correlationId } = options;
  const answerable = isShort(replyTo) && isShort(correlationId) ? { replyTo, correlationId } : {};
  const lessAndLess: Options.Publish[] = [
    options,
    { ...options, headers: ownHeaders },
    { ...answerable, persistent: true, headers: ownHeaders },
  ];
  for (const [index, one] of lessAndLess.entries()) {
    try {
      channel.publish(exchange, routingKey, content, { ...one, mandatory: true }, confirmed);
      return;
    } catch (error) {
      // IllegalOperationError: the channel is gone.
      if (error instanceof IllegalOperationError || index === lessAndLess.length - 1) throw error;
    }
  }
};

const isShort = (text: unknown): text is string => typeof text === 'string' && Buffer.byteLength(text) < 256;
