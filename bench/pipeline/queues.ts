import { setTimeout as sleep } from 'node:timers/promises';
import amqp, { type Channel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import type { BenchContext } from '../core/bench.ts';
import type { Outgoing } from './drain.ts';

export const shards = 16;
export const deliveryExchange = 'delivery';
export const serviceCommands = 'chat.commands';
const deadLetters = 'chat.dead-letter';

/** Names and arguments as the service declares them (infrastructure/amqp/topology.ts). */
export const queueName = (stem: string, shard: number): string => `${stem}.${String(shard).padStart(2, '0')}`;

const shardQueueArguments = {
  'x-queue-type': 'quorum',
  'x-single-active-consumer': true,
  'x-delivery-limit': 1_000,
  'x-dead-letter-exchange': deadLetters,
  'x-dead-letter-routing-key': deadLetters,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
  'x-max-length': 1_000_000,
};

const maxUnconfirmed = 2_000;

/** The benchmark's own end of the broker: it fills the queues that are emptied, and counts what comes out. */
export class Queues {
  readonly url: string;
  readonly #in: ConfirmChannel;
  readonly #out: Channel;
  readonly #events = 'bench.events';
  #problem: string | undefined;
  #unconfirmed = 0;
  #wake: (() => void) | undefined;

  private constructor(url: string, into: ConfirmChannel, out: Channel) {
    this.url = url;
    this.#in = into;
    this.#out = out;
    into.on('return', ({ fields }) => {
      this.#problem = `a command for ${fields.exchange} reached no queue`;
    });
  }

  static async open(url: string, context: BenchContext): Promise<Queues> {
    // A loader may hold this process up for minutes.
    const connection = await amqp.connect(`${url}?heartbeat=0`);
    const out = await connection.createChannel();
    await out.assertExchange(deliveryExchange, 'direct', { durable: true });
    const queues = new Queues(url, await connection.createConfirmChannel(), out);
    await out.assertQueue(queues.#events, { durable: true });
    for (const key of ['', 'chat.created', 'command.rejected'])
      await out.bindQueue(queues.#events, deliveryExchange, key);
    context.onEnd(() => connection.close());
    return queues;
  }

  /** Shard queues behind an exchange of their own; returns their names. */
  async declareShards(stem: string): Promise<string[]> {
    await this.#out.assertExchange(stem, 'x-consistent-hash', { durable: true });
    const names = Array.from({ length: shards }, (_, shard) => queueName(stem, shard));
    for (const name of names) {
      await this.#out.assertQueue(name, { durable: true, arguments: shardQueueArguments });
      await this.#out.bindQueue(name, stem, '1');
    }
    return names;
  }

  /** Publishes commands and waits until the broker has all of them. */
  async fill(commands: Iterable<Outgoing>): Promise<void> {
    for (const command of commands) {
      if (this.#unconfirmed >= maxUnconfirmed) await new Promise<void>((resolve) => (this.#wake = resolve));
      this.publish(command);
    }
    await this.#in.waitForConfirms();
    if (this.#problem !== undefined) throw new Error(this.#problem);
  }

  publish({ exchange, routingKey, id, body }: Outgoing): void {
    this.#unconfirmed++;
    const properties = { persistent: true, mandatory: true, messageId: id, contentType: 'application/json' };
    this.#in.publish(exchange, routingKey, body, properties, (error) => {
      if (error) this.#problem = `a command was not taken: ${error}`;
      if (--this.#unconfirmed < maxUnconfirmed / 2) this.#wake?.();
    });
  }

  /** Takes the events as they come, instead of counting them; returns how to stop. */
  async listen(onEvent: (message: ConsumeMessage) => void): Promise<() => Promise<void>> {
    const take = (message: ConsumeMessage | null) => {
      if (message !== null) onEvent(message);
    };
    const { consumerTag } = await this.#out.consume(this.#events, take, { noAck: true });
    return async () => void (await this.#out.cancel(consumerTag));
  }

  /** Until so many events have come out; fails when nothing more comes. Resolves with performance.now() of then. */
  async untilEvents(count: number, patienceMs = 20_000): Promise<number> {
    let last = -1;
    let movedMs = performance.now();
    for (;;) {
      const seen = await this.events();
      const nowMs = performance.now();
      if (seen >= count) return nowMs;
      if (seen !== last) movedMs = nowMs;
      last = seen;
      if (nowMs - movedMs > patienceMs)
        throw new Error(
          `messages were lost: ${seen} of ${count} events have come, and no more for ${patienceMs / 1000} s`,
        );
      await sleep(10);
    }
  }

  async events(): Promise<number> {
    return (await this.#out.checkQueue(this.#events)).messageCount;
  }

  async forgetEvents(): Promise<void> {
    await this.#out.purgeQueue(this.#events);
  }
}
