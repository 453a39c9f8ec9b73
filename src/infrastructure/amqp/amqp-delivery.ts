import type { ConsumeMessage } from 'amqplib/callback_api';
import type { Delivery, ReplyAddress } from '../../application/ports/command-consumer.ts';
import type { Command } from '../../domain/chat/command.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { redeliveredHeader, traceparentOf, wasRedelivered } from './message-properties.ts';
import type { ShardChannel } from './shard-channel.ts';

/** The two ways out of a queue other than an ack. Both resolve false when the channel was lost first. */
export type ShardExits = {
  forward(
    message: ConsumeMessage,
    shard: ShardNumber,
    headers: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<boolean>;
  deadLetter(message: ConsumeMessage, reason: string, signal: AbortSignal): Promise<boolean>;
};

export class AmqpDelivery implements Delivery {
  command: Command;
  readonly redelivered: boolean;
  readonly traceparent: string | undefined;
  readonly replyTo: ReplyAddress | undefined;
  readonly receivedMs: number;
  readonly #tag: number;
  /** None once it can only be acked: a command is under way much longer after it was decided than before. */
  #message: ConsumeMessage | undefined;
  readonly #channel: ShardChannel;
  readonly #exits: ShardExits;
  #settled = false;

  constructor(command: Command, message: ConsumeMessage, channel: ShardChannel, exits: ShardExits, receivedMs: number) {
    this.command = command;
    this.redelivered = wasRedelivered(message);
    this.traceparent = traceparentOf(message);
    this.replyTo = replyAddressOf(message);
    this.receivedMs = receivedMs;
    this.#tag = message.fields.deliveryTag;
    this.#message = message;
    this.#channel = channel;
    this.#exits = exits;
  }

  get live(): boolean {
    return this.#channel.live;
  }

  ack(): void {
    if (this.#claim()) this.#ack();
  }

  decided(): void {
    this.#message = undefined;
    this.command = undefined as never;
  }

  async forward(shard: ShardNumber): Promise<void> {
    const headers = this.redelivered ? { [redeliveredHeader]: true } : {};
    await this.#leaveBy((message) => this.#exits.forward(message, shard, headers, this.#channel.signal));
  }

  async deadLetter(reason: string): Promise<void> {
    await this.#leaveBy((message) => this.#exits.deadLetter(message, reason, this.#channel.signal));
  }

  async #leaveBy(exit: (message: ConsumeMessage) => Promise<boolean>): Promise<void> {
    if (!this.#claim()) return;
    try {
      if (this.#message === undefined) throw new Error('a delivery whose answer is on the way can only be acked');
      if (await exit(this.#message)) this.#ack();
    } catch (error) {
      this.#settled = false; // nothing has happened to it: it can still leave by another way
      throw error;
    }
  }

  #claim(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#channel.live) return true;
    this.#channel.stale();
    return false;
  }

  #ack(): void {
    this.#channel.settle(this.#tag);
  }
}

/** Somebody waits when both are given. */
const replyAddressOf = ({ properties: { replyTo, correlationId } }: ConsumeMessage): ReplyAddress | undefined =>
  typeof replyTo === 'string' && typeof correlationId === 'string' ? { queue: replyTo, correlationId } : undefined;
