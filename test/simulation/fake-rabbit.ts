import type { CommandConsumer, Delivery, Subscription } from '../../src/application/ports/command-consumer.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import type { ShardNumber } from '../../src/domain/ids.ts';
import { Channel, type Message } from './fake-channel.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import { type Owner, type Scheduler, world } from './scheduler.ts';
import type { Variant } from './variants.ts';

export type BrokerWitness = {
  /** An instance calls `ack`; nothing has gone to the broker yet. */
  acking(command: Command, owner: Owner): void;
  deadLettered(command: Command, reason: string): void;
};

const prefetch = 8;

/** A queue with a single active consumer: the first one. */
type Queue = { ready: Message[]; readonly consumers: { channel: Channel; deliver: (message: Message) => void }[] };

/** The ingress half of the broker. Unacked messages come back in front, in their order, when their channel goes. */
export class FakeRabbit {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #witness: BrokerWitness;
  readonly #variant: Variant;
  readonly #queues: Queue[];
  readonly #channels = new Map<Channel, () => void>();

  constructor(
    shards: number,
    scheduler: Scheduler,
    random: Random,
    faults: Faults,
    witness: BrokerWitness,
    variant: Variant,
  ) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
    this.#witness = witness;
    this.#variant = variant;
    this.#queues = Array.from({ length: shards }, () => ({ ready: [], consumers: [] }));
  }

  get isEmpty(): boolean {
    return this.#queues.every(
      ({ ready, consumers }) => ready.length === 0 && consumers.every(({ channel }) => channel.unacked.length === 0),
    );
  }
  get waiting(): string {
    return this.#queues
      .map(
        ({ ready, consumers }, shard) =>
          `${shard}: ${ready.length} ready, ${consumers.map(({ channel }) => `${channel.owner.name} ${channel.unacked.length}`).join(', ') || 'nobody'}`,
      )
      .join('; ');
  }

  publish(shard: number, command: Command, redelivered = false): void {
    this.#queues[shard]!.ready.push({ command, redelivered });
    this.#pump(shard);
  }

  /** The connection of an instance goes; `seenBy` notices at once, the other side later. */
  cut(owner: Owner, seenBy: 'both' | 'broker' | 'client', laterMs = 0): void {
    for (const [channel, lost] of [...this.#channels]) {
      if (channel.owner !== owner) continue;
      const client = () => {
        if (!channel.live) return;
        channel.live = false;
        lost();
      };
      this.#scheduler.after(seenBy === 'broker' ? laterMs : 0, client, owner);
      this.#scheduler.after(seenBy === 'client' ? laterMs : 0, () => this.#close(channel), world);
    }
  }

  consumer(owner: Owner): CommandConsumer {
    return { consume: async (shard, onDelivery) => this.#subscribe(owner, shard, onDelivery) };
  }

  #subscribe(owner: Owner, shard: ShardNumber, onDelivery: (delivery: Delivery) => void): Subscription {
    let closed = false;
    let channel: Channel | undefined;
    const open = () => {
      if (closed) return;
      const mine = new Channel(owner, this.#scheduler, this.#faults);
      channel = mine;
      this.#channels.set(mine, () => this.#scheduler.after(this.#random.between(5, 400), open, owner));
      mine.up(() => {
        this.#queues[shard]!.consumers.push({
          channel: mine,
          deliver: (message) => {
            const { redelivered } = message;
            mine.down(() => onDelivery(this.#delivery(shard, message, redelivered, mine)));
          },
        });
        this.#pump(shard);
      });
    };
    this.#scheduler.after(this.#faults.latencyMs(), open, owner);
    return {
      flush: async () => {},
      close: () => {
        closed = true;
        const mine = channel;
        if (mine === undefined || !mine.live) return Promise.resolve();
        mine.live = false;
        return new Promise((resolve) => {
          mine.up(() => {
            this.#close(mine);
            this.#scheduler.after(this.#faults.latencyMs(), resolve, owner);
          });
          this.#scheduler.after(2_000, resolve, owner);
        });
      },
    };
  }

  #delivery(shard: ShardNumber, message: Message, redelivered: boolean, channel: Channel): Delivery {
    let settled = false;
    const remove = () =>
      channel.up(() => {
        const index = channel.unacked.indexOf(message);
        if (index >= 0) channel.unacked.splice(index, 1);
        this.#pump(shard);
      });
    const claim = () => {
      const first = !settled && channel.live;
      settled = true;
      return first;
    };
    let isDecided = false;
    const mayLeave = () => {
      if (isDecided) throw new Error('a delivery whose answer is on the way can only be acked');
      return claim();
    };
    return {
      get command() {
        if (isDecided) throw new Error('a delivery whose answer is on the way is asked for its command');
        return message.command;
      },
      redelivered,
      get live() {
        return channel.live;
      },
      traceparent: undefined,
      receivedMs: 0,
      replyTo: undefined,
      ack: () => {
        if (!claim()) return;
        this.#witness.acking(message.command, channel.owner);
        remove();
      },
      decided: () => {
        isDecided = true;
      },
      forward: async (to) => {
        if (!mayLeave()) return;
        while (channel.live) {
          if (await this.#moved(channel.owner, () => this.publish(to, message.command, redelivered))) return remove();
        }
      },
      deadLetter: async (reason) => {
        if (!mayLeave()) return;
        this.#witness.deadLettered(message.command, reason);
        remove();
      },
    };
  }

  /** A confirmed publish; false when no confirm came, whether or not it arrived. */
  #moved(owner: Owner, arrive: () => void): Promise<boolean> {
    const lost = this.#faults.happens('forwardLost');
    const arrives = !lost || this.#random.chance(0.5);
    return new Promise((resolve) => {
      this.#scheduler.after(
        this.#faults.latencyMs(),
        () => {
          if (arrives) arrive();
          this.#scheduler.after(lost ? 500 : this.#faults.latencyMs(), () => resolve(!lost), owner);
        },
        world,
      );
    });
  }

  #close(channel: Channel): void {
    if (!channel.open) return;
    channel.open = false;
    this.#channels.delete(channel);
    for (const [shard, queue] of this.#queues.entries()) {
      const index = queue.consumers.findIndex((consumer) => consumer.channel === channel);
      if (index < 0) continue;
      queue.consumers.splice(index, 1);
      const back = channel.unacked.splice(0);
      for (const message of back) message.redelivered = true;
      queue.ready = this.#variant === 'nack-requeue' ? [...queue.ready, ...back] : [...back, ...queue.ready];
      this.#pump(shard);
    }
  }

  #pump(shard: number): void {
    const { ready, consumers } = this.#queues[shard]!;
    const active = consumers[0];
    while (active !== undefined && active.channel.unacked.length < prefetch && ready.length > 0) {
      const message = ready.shift()!;
      active.channel.unacked.push(message);
      active.deliver(message);
    }
  }
}
