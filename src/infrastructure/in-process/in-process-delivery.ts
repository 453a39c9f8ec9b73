import type { Delivery, ReplyAddress } from '../../application/ports/command-consumer.ts';
import type { Command } from '../../domain/chat/command.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import type { Parcel } from './parcel.ts';

/** What a delivery needs of the subscription it came by. */
export type DeliveryContext = {
  readonly live: boolean;
  forward(parcel: Parcel, shard: ShardNumber): void;
  bury(parcel: Parcel, reason: string): void;
};

export class InProcessDelivery implements Delivery {
  readonly command: Command;
  readonly receivedMs: number;
  readonly #parcel: Parcel;
  readonly #context: DeliveryContext;
  readonly #settle: () => void;
  #settled = false;

  constructor(command: Command, parcel: Parcel, context: DeliveryContext, settle: () => void, receivedMs: number) {
    this.command = command;
    this.#parcel = parcel;
    this.#context = context;
    this.#settle = settle;
    this.receivedMs = receivedMs;
  }

  get redelivered(): boolean {
    return this.#parcel.redelivered;
  }
  get traceparent(): string | undefined {
    return this.#parcel.traceparent;
  }
  get replyTo(): ReplyAddress | undefined {
    return this.#parcel.replyTo;
  }
  get live(): boolean {
    return this.#context.live;
  }

  ack(): void {
    if (this.#claim()) this.#settle();
  }

  async forward(shard: ShardNumber): Promise<void> {
    if (this.#settled || !this.#context.live) return;
    this.#context.forward(this.#parcel, shard); // throws when there is no such shard: then it is not settled
    this.ack();
  }

  async deadLetter(reason: string): Promise<void> {
    if (!this.#claim()) return;
    this.#context.bury(this.#parcel, reason);
    this.#settle();
  }

  /** After the subscription's end nothing moves: the command comes again. */
  #claim(): boolean {
    if (this.#settled || !this.#context.live) return false;
    this.#settled = true;
    return true;
  }
}
