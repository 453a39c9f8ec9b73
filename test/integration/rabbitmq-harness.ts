import { randomBytes } from 'node:crypto';
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import type { Logger } from '../../src/application/ports/system.ts';
import { type AmqpBroker, type AmqpBrokerOptions, openAmqpBroker } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { shardQueue } from '../../src/infrastructure/amqp/topology.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import type { BrokerHarness, ReceivedEvent } from '../contract/broker.contract.ts';
import { until } from '../support/until.ts';

export const rabbitmqUrl = (): string => {
  const url = process.env.RABBITMQ_URL;
  if (url === undefined)
    throw new Error('RABBITMQ_URL is not set: these tests need a RabbitMQ with the consistent-hash plugin');
  return url;
};

export type LogLine = { readonly level: keyof Logger; readonly message: string; readonly fields: object };

/** Names of its own on a server that others use too, and a look at it from outside the service. */
export class RabbitmqWorld {
  readonly prefix = `test-${randomBytes(6).toString('hex')}`;
  readonly names = { commands: `${this.prefix}.commands`, deadLetters: `${this.prefix}.dead-letter` };
  readonly deliveryExchange = `${this.prefix}.delivery`;
  readonly log: LogLine[] = [];
  readonly shardCount: number;
  readonly #model: ChannelModel;
  readonly channel: ConfirmChannel;

  private constructor(model: ChannelModel, channel: ConfirmChannel, shardCount: number) {
    this.#model = model;
    this.channel = channel;
    this.shardCount = shardCount;
  }

  static async open(shardCount: number): Promise<RabbitmqWorld> {
    const model = await connect(rabbitmqUrl());
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    return new RabbitmqWorld(model, channel, shardCount);
  }

  start(options: Partial<AmqpBrokerOptions> = {}): Promise<AmqpBroker> {
    const line = (level: keyof Logger) => (fields: object, message: string) =>
      this.log.push({ level, message, fields });
    return openAmqpBroker({
      url: rabbitmqUrl(),
      shardCount: this.shardCount,
      prefetch: 256,
      deliveryExchange: this.deliveryExchange,
      names: this.names,
      clock: new SystemClock(),
      logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
      ...options,
    });
  }

  /** Everything published on the delivery exchange under `routingKey` from now on. */
  async listen(routingKey = ''): Promise<ReceivedEvent[]> {
    const events: ReceivedEvent[] = [];
    const { queue } = await this.channel.assertQueue('', { exclusive: true });
    await this.channel.bindQueue(queue, this.deliveryExchange, routingKey);
    const take = (message: ConsumeMessage | null) => {
      if (message === null) return;
      const { messageId: id, type, headers } = message.properties;
      events.push({ id, type, body: message.content.toString(), replayed: headers?.replayed === true });
    };
    await this.channel.consume(queue, take, { noAck: true });
    return events;
  }

  put(body: Uint8Array, routingKey: string, options: object = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null) => (error === null ? resolve() : reject(error));
      this.channel.publish(this.names.commands, routingKey, Buffer.from(body), options, done);
    });
  }

  async fresh(): Promise<Channel> {
    const channel = await this.#model.createChannel();
    channel.on('error', () => {});
    return channel;
  }

  /** Looks without taking: they go back, in their order, when the looking channel closes. */
  async deadLetters() {
    const channel = await this.#model.createChannel();
    const { messageCount } = await channel.checkQueue(this.names.deadLetters);
    const letters: { body: Buffer; reason: string; sourceQueue: string; expiration: unknown }[] = [];
    const take = (message: ConsumeMessage | null) => {
      if (message === null || letters.length === messageCount) return;
      const { headers, expiration } = message.properties;
      const [reason, sourceQueue] = [headers?.['x-reason'], headers?.['x-source-queue']];
      letters.push({ body: message.content, reason, sourceQueue, expiration });
    };
    // Not `get`: what that took comes back in any order.
    await channel.prefetch(65_535);
    await channel.consume(this.names.deadLetters, take);
    await until('the dead letters were handed out', () => letters.length === messageCount);
    await channel.close();
    // A queue takes them back a moment later; the next look must not come before that.
    const isBack = async () => (await this.channel.checkQueue(this.names.deadLetters)).messageCount >= letters.length;
    await until('the dead letters are back', isBack);
    return letters;
  }

  async close(): Promise<void> {
    const channel = await this.#model.createChannel();
    for (let shard = 0; shard < this.shardCount; shard++)
      await channel.deleteQueue(shardQueue(this.names.commands, shard));
    await channel.deleteQueue(this.names.deadLetters);
    for (const exchange of [this.names.commands, this.names.deadLetters, this.deliveryExchange]) {
      await channel.deleteExchange(exchange);
    }
    await this.#model.close();
  }
}

export const rabbitmqHarness = async (options: { shardCount: number; prefetch: number }): Promise<BrokerHarness> => {
  const world = await RabbitmqWorld.open(options.shardCount);
  const broker = await world.start(options);
  const events = await world.listen();
  return {
    consumer: broker.consumer,
    sender: broker.sender,
    publisher: broker.publisher,
    publishRaw: (body, chatId, properties) => world.put(body, chatId, { headers: { ...properties } }),
    events: () => events,
    deadLetters: () => world.deadLetters(),
    async close() {
      await broker.close();
      await world.close();
    },
  };
};
