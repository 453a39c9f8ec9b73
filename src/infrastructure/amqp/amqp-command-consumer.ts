import { randomUUID } from 'node:crypto';
import type { Channel, ConsumeMessage } from 'amqplib/callback_api';
import type { CommandConsumer, Delivery, Subscription } from '../../application/ports/command-consumer.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { decodeCommands } from '../../interface-adapters/amqp/command-json.ts';
import { partsOf } from '../broker-kit/batch-parts.ts';
import { AmqpDelivery, type ShardExits } from './amqp-delivery.ts';
import type { SupervisedConnection } from './connection.ts';
import type { AmqpCounts } from './counts.ts';
import { partOf } from './message-properties.ts';
import { ShardChannel } from './shard-channel.ts';
import { consumerTagOf } from './shard-exits.ts';
import { called, StandingChannel } from './standing-channel.ts';
import { shardQueue } from './topology.ts';

export type AmqpCommandConsumerOptions = {
  readonly connection: SupervisedConnection;
  /** Stem of the shard queues. */
  readonly commands: string;
  readonly prefetch: number;
  /** A delivery that nobody settles is held so long; by default a third of the broker's ack time-out. */
  readonly longestHoldMs?: number | undefined;
  /** Whether this process can reach the broker, to take and to announce. */
  readonly available: () => boolean;
  readonly exits: ShardExits;
  readonly repair: () => Promise<void>;
  readonly counts: AmqpCounts;
  readonly clock: Clock;
  readonly logger: Logger;
};

export class AmqpCommandConsumer implements CommandConsumer {
  readonly #options: AmqpCommandConsumerOptions;
  readonly #open = new Set<Subscription>();

  constructor(options: AmqpCommandConsumerOptions) {
    this.#options = options;
  }

  get available(): boolean {
    return this.#options.available();
  }

  /** Resolves at once; the channel is opened, and opened again, in the background. */
  async consume(shard: ShardNumber, onDelivery: (delivery: Delivery) => void): Promise<Subscription> {
    const subscription: ShardSubscription = new ShardSubscription(shard, onDelivery, this.#options, () =>
      this.#open.delete(subscription),
    );
    this.#open.add(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((subscription) => subscription.close()));
  }
}

const heldTooLong = 'a delivery was held too long; its channel is closed and everything unsettled comes again';

class ShardSubscription implements Subscription {
  readonly #shard: ShardNumber;
  readonly #queue: string;
  readonly #onDelivery: (delivery: Delivery) => void;
  readonly #options: AmqpCommandConsumerOptions;
  readonly #standing: StandingChannel<Channel>;
  readonly #onClose: () => void;
  #channel: ShardChannel | undefined;

  constructor(
    shard: ShardNumber,
    onDelivery: (delivery: Delivery) => void,
    options: AmqpCommandConsumerOptions,
    onClose: () => void,
  ) {
    this.#onClose = onClose;
    this.#shard = shard;
    this.#queue = shardQueue(options.commands, shard);
    this.#onDelivery = onDelivery;
    this.#options = options;
    const { connection, repair, clock, logger } = options;
    this.#standing = new StandingChannel<Channel>({
      connection,
      name: this.#queue,
      create: (model, opened) => model.createChannel(opened),
      setup: (channel) => this.#startConsuming(channel),
      onLost: () => this.#lost(),
      repair,
      clock,
      logger,
    });
  }

  /** What has been settled is acked first, so that it does not come again. */
  async close(): Promise<void> {
    this.#onClose();
    this.#channel?.flush(true);
    this.#lost();
    await this.#standing.close();
  }

  async flush(): Promise<void> {
    this.#channel?.flush(true);
    // amqplib writes to the socket in the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #startConsuming(channel: Channel): Promise<void> {
    const { prefetch, longestHoldMs, clock, counts, logger } = this.#options;
    await called((done) => channel.prefetch(prefetch, false, done));
    const shardChannel = new ShardChannel(channel, {
      prefetch,
      longestHoldMs,
      onHeldTooLong: (held) => {
        logger.warn({ shard: this.#shard, queue: this.#queue, ...held }, heldTooLong);
        this.#standing.replace();
      },
      clock,
      counts,
    });
    this.#channel = shardChannel;
    const consumerTag = consumerTagOf(this.#queue, randomUUID());
    const onMessage = (message: ConsumeMessage | null) => {
      if (message !== null) this.#received(message, shardChannel);
      else this.#standing.replace(); // the broker ended the consumer: queue deleted, or held too long
    };
    await called((done) => channel.consume(this.#queue, onMessage, { noAck: false, consumerTag }, done));
  }

  #received(message: ConsumeMessage, channel: ShardChannel): void {
    if (!channel.live) return;
    channel.delivered(message.fields.deliveryTag);
    const decoded = decodeCommands(message.content);
    if (!decoded.ok) return void this.#bury(message, decoded.reason, channel);
    const { exits, clock } = this.#options;
    const whole = new AmqpDelivery(decoded.commands[0], message, channel, exits, clock.monotonicMs());
    const parts = partsOf(whole, decoded.commands, (command, reason) =>
      exits.deadLetter(partOf(message, command), reason, channel.signal),
    );
    for (const part of parts) this.#handOut(part);
  }

  #handOut(delivery: Delivery): void {
    try {
      this.#onDelivery(delivery);
    } catch (error) {
      // It stays unsettled; letting amqplib see the error would close the channel in the middle of others.
      this.#options.logger.error({ err: error, queue: this.#queue }, 'the receiver of a delivery failed');
    }
  }

  async #bury(message: ConsumeMessage, reason: string, channel: ShardChannel): Promise<void> {
    if (await this.#options.exits.deadLetter(message, reason, channel.signal))
      channel.settle(message.fields.deliveryTag);
  }

  #lost(): void {
    this.#channel?.lost();
    this.#channel = undefined;
  }
}
