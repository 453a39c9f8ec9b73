import type { CommandConsumer, Delivery, Subscription } from '../../application/ports/command-consumer.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { decodeCommands, encodeCommand } from '../../interface-adapters/amqp/command-json.ts';
import { partsOf } from '../broker-kit/batch-parts.ts';
import type { DeadLetters } from './dead-letters.ts';
import { type DeliveryContext, InProcessDelivery } from './in-process-delivery.ts';
import type { Parcel } from './parcel.ts';
import type { QueueConsumer, ShardQueue } from './shard-queue.ts';

export class InProcessCommandConsumer implements CommandConsumer {
  readonly available = true;
  readonly #queues: readonly ShardQueue[];
  readonly #prefetch: number;
  readonly #deadLetters: DeadLetters;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(queues: readonly ShardQueue[], prefetch: number, deadLetters: DeadLetters, clock: Clock, logger: Logger) {
    this.#queues = queues;
    this.#prefetch = prefetch;
    this.#deadLetters = deadLetters;
    this.#clock = clock;
    this.#logger = logger;
  }

  async consume(shard: ShardNumber, onDelivery: (delivery: Delivery) => void): Promise<Subscription> {
    const queue = this.#queueOf(shard);
    let live = true;
    const context: DeliveryContext = {
      get live() {
        return live;
      },
      forward: (parcel, to) => this.#queueOf(to).push(parcel),
      bury: (parcel, reason) => this.#deadLetters.add({ body: parcel.body, reason, shard }),
    };
    const consumer: QueueConsumer = {
      prefetch: this.#prefetch,
      onParcel: (parcel, settle) => this.#received(parcel, settle, context, onDelivery),
    };
    queue.attach(consumer);
    return {
      async close() {
        live = false;
        queue.detach(consumer);
      },
      async flush() {},
    };
  }

  #received(
    parcel: Parcel,
    settle: () => void,
    context: DeliveryContext,
    onDelivery: (delivery: Delivery) => void,
  ): void {
    const decoded = decodeCommands(parcel.body);
    if (!decoded.ok) {
      context.bury(parcel, decoded.reason);
      settle();
      return;
    }
    const whole = new InProcessDelivery(decoded.commands[0], parcel, context, settle, this.#clock.monotonicMs());
    const parts = partsOf(whole, decoded.commands, async (command, reason) => {
      context.bury({ ...parcel, body: encodeCommand(command) }, reason);
      return true;
    });
    for (const part of parts) this.#handOut(part, onDelivery);
  }

  #handOut(delivery: Delivery, onDelivery: (delivery: Delivery) => void): void {
    try {
      onDelivery(delivery);
    } catch (error) {
      this.#logger.error({ err: error }, 'the receiver of a delivery failed');
    }
  }

  #queueOf(shard: ShardNumber): ShardQueue {
    const queue = this.#queues[shard];
    if (queue === undefined) throw new RangeError(`there is no shard ${shard}`);
    return queue;
  }
}
