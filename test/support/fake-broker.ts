import type { CommandConsumer, Delivery, Subscription } from '../../src/application/ports/command-consumer.ts';
import type { Announcement, EventLane, EventPublisher } from '../../src/application/ports/event-publisher.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import type { ShardNumber } from '../../src/domain/ids.ts';

type Queued = { readonly command: Command; delivered: number };

/** A broker whose every move is the test's: it delivers, confirms and cuts channels only when told. One queue for each shard. */
export class FakeBroker implements CommandConsumer, EventPublisher {
  readonly settled: { command: Command; how: 'ack' | 'forward' | 'dead-letter'; detail?: unknown }[] = [];
  /** Those that can only be acked from then on. */
  readonly decided: Command[] = [];
  /** Settlements of a delivery that was settled already: always a defect. */
  readonly settledTwice: Command[] = [];
  readonly published: Announcement[] = [];
  /** Events are confirmed at once, unless this is true: then `confirm` does it. */
  holdConfirms = false;
  /** Acks do not reach the broker: when the channel is cut, what they were for comes again. */
  loseAcks = false;
  /** As long as it is false, the process cannot reach its broker. What a test wants lost with that it cuts. */
  available = true;
  /** As many of the next `consume` calls fail. */
  refusedConsumers = 0;
  readonly #queues = new Map<ShardNumber, Queued[]>();
  readonly #unsettled = new Map<ShardNumber, Queued[]>();
  readonly #consumers = new Map<ShardNumber, { deliver: (delivery: Delivery) => void; channel: { live: boolean } }>();
  #confirms: (() => void)[] = [];

  put(shard: ShardNumber, ...commands: readonly Command[]): void {
    this.#queue(shard).push(...commands.map((command) => ({ command, delivered: 0 })));
    this.#pump(shard);
  }

  waiting(shard: ShardNumber): number {
    return this.#queue(shard).length + (this.#unsettled.get(shard)?.length ?? 0);
  }

  confirm(count = Number.POSITIVE_INFINITY): void {
    for (const confirmed of this.#confirms.splice(0, count)) confirmed();
  }

  /** The shard's channel is lost: everything unsettled comes again, in order, on a new one. */
  cut(shard: ShardNumber): void {
    const consumer = this.#consumers.get(shard);
    if (consumer === undefined) return;
    consumer.channel.live = false;
    this.#handBack(shard);
    this.#consumers.set(shard, { deliver: consumer.deliver, channel: { live: true } });
    this.#pump(shard);
  }

  async consume(shard: ShardNumber, onDelivery: (delivery: Delivery) => void): Promise<Subscription> {
    if (this.refusedConsumers-- > 0) throw new Error('no consumer here');
    this.#consumers.set(shard, { deliver: onDelivery, channel: { live: true } });
    this.#pump(shard);
    return {
      flush: async () => {},
      close: async () => {
        const consumer = this.#consumers.get(shard);
        if (consumer === undefined) return;
        consumer.channel.live = false;
        this.#consumers.delete(shard);
        this.#handBack(shard);
      },
    };
  }

  lane(): EventLane {
    let open = true;
    return {
      publish: (announcement, onConfirmed) => {
        if (!open) return;
        this.published.push(announcement);
        const confirmed = () => {
          if (open) onConfirmed();
        };
        if (this.holdConfirms) this.#confirms.push(confirmed);
        else setImmediate(confirmed);
      },
      close: () => {
        open = false;
      },
    };
  }

  #queue(shard: ShardNumber): Queued[] {
    const queue = this.#queues.get(shard) ?? [];
    this.#queues.set(shard, queue);
    return queue;
  }

  #handBack(shard: ShardNumber): void {
    this.#queue(shard).unshift(...(this.#unsettled.get(shard) ?? []));
    this.#unsettled.set(shard, []);
  }

  #pump(shard: ShardNumber): void {
    const consumer = this.#consumers.get(shard);
    if (consumer === undefined) return;
    const unsettled = this.#unsettled.get(shard) ?? [];
    this.#unsettled.set(shard, unsettled);
    for (const queued of this.#queue(shard).splice(0)) {
      unsettled.push(queued);
      consumer.deliver(this.#delivery(shard, queued, consumer.channel));
    }
  }

  #delivery(shard: ShardNumber, queued: Queued, channel: { live: boolean }): Delivery {
    let settled = false;
    let isDecided = false;
    const settle = (how: 'ack' | 'forward' | 'dead-letter', detail?: unknown) => {
      if (settled) this.settledTwice.push(queued.command);
      if (isDecided && how !== 'ack') throw new Error(`${how} of a delivery whose answer is on the way`);
      settled = true;
      if (!channel.live || (how === 'ack' && this.loseAcks)) return;
      const unsettled = this.#unsettled.get(shard)!;
      unsettled.splice(unsettled.indexOf(queued), 1);
      this.settled.push({ command: queued.command, how, detail });
    };
    return {
      get command() {
        if (isDecided) throw new Error('a delivery whose answer is on the way is asked for its command');
        return queued.command;
      },
      redelivered: queued.delivered++ > 0,
      get live() {
        return channel.live;
      },
      traceparent: undefined,
      receivedMs: 0,
      replyTo: undefined,
      ack: () => settle('ack'),
      decided: () => {
        isDecided = true;
        this.decided.push(queued.command);
      },
      forward: async (to) => settle('forward', to),
      deadLetter: async (reason) => settle('dead-letter', reason),
    };
  }
}
