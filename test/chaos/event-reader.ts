import type { Channel, Connection, ConsumeMessage } from 'amqplib/callback_api';
import { eventQueue, type Load } from '../../bench/load.ts';
import { called, Reconnecting } from './connection.ts';

const exchange = 'delivery';
const routingKeys = ['', 'chat.created', 'command.rejected'];

/** Everything that comes out of the delivery exchange, in order, each once: a stream that is read on where reading ended. */
export class EventReader {
  readonly #queue: string;
  readonly #onEvent: (body: string) => void;
  readonly #connection: Reconnecting;
  readonly #opened = Promise.withResolvers<void>();
  #nextOffset = 0;
  #channel: Channel | undefined;

  constructor(url: string, load: Load, onEvent: (body: string) => void) {
    this.#queue = eventQueue(load);
    this.#onEvent = onEvent;
    this.#connection = new Reconnecting(url, 'chaos consumer', (model) => this.#open(model));
  }

  /** Resolves when the stream is bound. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  async unbind(): Promise<void> {
    for (const key of routingKeys)
      await called((done) => this.#channel!.unbindQueue(this.#queue, exchange, key, {}, done));
  }

  async bind(channel = this.#channel!): Promise<void> {
    for (const key of routingKeys) await called((done) => channel.bindQueue(this.#queue, exchange, key, {}, done));
  }

  async close(): Promise<void> {
    await called((done) => this.#channel!.deleteQueue(this.#queue, {}, done)).catch(() => {});
    await this.#connection.close();
  }

  #open(model: Connection): void {
    const channel = model.createChannel(() => {});
    channel.on('error', () => model.close());
    this.#channel = channel;
    this.#consume(channel).then(this.#opened.resolve, () => {
      // The connection is lost or half up: the next one begins anew.
      try {
        model.close();
      } catch {
        // It is closed already.
      }
    });
  }

  async #consume(channel: Channel): Promise<void> {
    const stream = { durable: true, arguments: { 'x-queue-type': 'stream' } };
    await called((done) => channel.assertQueue(this.#queue, stream, done));
    if (this.#nextOffset === 0) await this.bind(channel);
    await called((done) => channel.prefetch(1_000, false, done));
    const from = { arguments: { 'x-stream-offset': this.#nextOffset } };
    await called((done) => channel.consume(this.#queue, (message) => this.#received(message, channel), from, done));
  }

  #received(message: ConsumeMessage | null, channel: Channel): void {
    if (message === null || channel !== this.#channel) return;
    channel.ack(message);
    const offset = Number(message.properties.headers?.['x-stream-offset']);
    // A stream is read in chunks: what came before the wanted offset may come along.
    if (offset < this.#nextOffset) return;
    this.#nextOffset = offset + 1;
    this.#onEvent(message.content.toString());
  }
}
