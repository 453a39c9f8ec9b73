import type { CommandConsumer, Delivery, Subscription } from '../../src/application/ports/command-consumer.ts';
import type { ChatId } from '../../src/domain/ids.ts';
import { ChatActor } from '../chat/chat.actor.ts';
import type { ShardContext } from '../chat/chat.protocol.ts';
import { BatchActor } from '../kit/batch-actor.ts';
import type { Residency } from './shard.protocol.ts';

/** Resting costs a chat's next command a few microseconds. */
const restAfterMs = 1_000;

/** One owned shard: its consumer, the registry of its resident chats, and the way out. The registry is a plain map and the chats are
 *  no children of this actor: a parent of many children would pay for each of them with every message (ADR-007). */
export class ShardActor {
  readonly #context: ShardContext;
  readonly #residency: Residency;
  readonly #stopping: AbortController;
  readonly #chats = new Map<ChatId, ChatActor>();
  readonly #actor: BatchActor<Delivery>;
  #subscription: Subscription | undefined;
  #consumer: CommandConsumer | undefined;

  constructor(context: Omit<ShardContext, 'signal'>, residency: Residency) {
    this.#stopping = new AbortController();
    this.#context = { ...context, signal: this.#stopping.signal };
    this.#residency = residency;
    this.#actor = new BatchActor<Delivery>(context.system, 'shard', {
      maxBatch: 256,
      handle: (batch) => this.#dispatch(batch),
      crashed: (error, batch) => {
        context.logger.error({ err: error }, 'a shard actor crashed; its channel is closed and everything comes again');
        void this.#consumeAgain();
        return batch.length;
      },
    });
  }

  get residentChats(): number {
    return this.#chats.size;
  }

  /** Deliveries in the mailboxes of all its chats. */
  get waiting(): number {
    let waiting = 0;
    for (const chat of this.#chats.values()) waiting += chat.waiting;
    return waiting;
  }

  async start(consumer: CommandConsumer): Promise<void> {
    this.#consumer = consumer;
    this.#subscription = await consumer.consume(this.#context.logical.shard, (delivery) => this.#actor.tell(delivery));
    if (this.#stopping.signal.aborted) await this.#subscription.close();
  }

  async #consumeAgain(): Promise<void> {
    await this.#subscription?.close();
    await this.#context.clock.sleep(100, this.#stopping.signal).catch(() => {});
    if (!this.#stopping.signal.aborted && this.#consumer !== undefined) await this.start(this.#consumer);
  }

  #dispatch(batch: readonly Delivery[]): number {
    this.#context.telemetry.add('received', batch.length);
    for (const delivery of batch) {
      const { chatId } = delivery.command;
      let chat = this.#chats.get(chatId);
      if (chat === undefined) {
        if (this.#chats.size > this.#residency.maxChats * 1.1) this.passivate();
        chat = new ChatActor(chatId, this.#context);
        this.#chats.set(chatId, chat);
      }
      chat.tell(delivery);
    }
    return batch.length;
  }

  /** Lets go of chats that have been idle for long, and of the longest idle ones above the bound. One tick: no delivery falls between.
   *  Others that are idle rest. */
  passivate(): void {
    const { idleMs, maxChats } = this.#residency;
    const nowMs = this.#context.clock.monotonicMs();
    for (const [id, chat] of this.#chats) {
      const forMs = nowMs - chat.lastActiveMs;
      if (forMs >= idleMs) this.#letGo(id, chat);
      else if (forMs >= restAfterMs) chat.rest();
    }
    if (this.#chats.size <= maxChats) return;
    const longestIdleFirst = [...this.#chats].sort(([, a], [, b]) => a.lastActiveMs - b.lastActiveMs);
    for (const [id, chat] of longestIdleFirst.slice(0, this.#chats.size - maxChats)) this.#letGo(id, chat);
  }

  #letGo(id: ChatId, chat: ChatActor): void {
    if (!chat.settled) return;
    chat.stop();
    this.#chats.delete(id);
  }

  /** Takes nothing more, finishes everything that a chat holds, acks, and hands the rest back in order. False when time ran out:
   *  something is still undone. */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#actor.stop();
    const { clock } = this.#context;
    const deadline = clock.monotonicMs() + timeoutMs;
    while ([...this.#chats.values()].some((chat) => !chat.settled)) {
      if (clock.monotonicMs() > deadline) return false;
      await clock.sleep(2);
    }
    // Somebody else has given it up, and a chat may have been in the middle of a turn.
    if (this.#stopping.signal.aborted) return false;
    await this.#subscription?.flush();
    await this.abandon();
    return true;
  }

  /** Stops at once: publishes nothing more, hands everything unsettled back. */
  async abandon(): Promise<void> {
    this.#stopping.abort(new Error('the shard is given up'));
    this.#context.lane.close();
    this.#actor.stop();
    for (const chat of this.#chats.values()) chat.stop();
    this.#chats.clear();
    await this.#subscription?.close();
  }
}
