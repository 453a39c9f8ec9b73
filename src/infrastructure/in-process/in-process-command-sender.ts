import { type CommandSender, SendFailed, type SentOutcome } from '../../application/ports/command-sender.ts';
import type { Clock } from '../../application/ports/system.ts';
import type { Command } from '../../domain/chat/command.ts';
import type { ChatId } from '../../domain/ids.ts';
import { encodeCommand } from '../../interface-adapters/amqp/command-json.ts';
import type { Replies } from './replies.ts';
import type { ShardQueue } from './shard-queue.ts';

/** A queue longer than this takes no more from senders. */
export const maxQueueLength = 10_000;

export class InProcessCommandSender implements CommandSender {
  readonly #queueOf: (chatId: ChatId) => ShardQueue;
  readonly #replies: Replies;
  readonly #clock: Clock;

  constructor(queueOf: (chatId: ChatId) => ShardQueue, replies: Replies, clock: Clock) {
    this.#queueOf = queueOf;
    this.#replies = replies;
    this.#clock = clock;
  }

  async send(command: Command, timeoutMs: number, traceparent?: string): Promise<SentOutcome> {
    const queue = this.#queueOf(command.chatId);
    if (queue.length >= maxQueueLength) throw new SendFailed('OVERLOADED', 'Too many commands wait.');
    const { promise, resolve } = Promise.withResolvers<SentOutcome>();
    const replyTo = this.#replies.await(resolve);
    const answered = new AbortController();
    try {
      queue.push({ body: encodeCommand(command), traceparent, replyTo, redelivered: false });
      return await Promise.race([promise, this.#timeout(timeoutMs, answered.signal)]);
    } finally {
      answered.abort();
      this.#replies.forget(replyTo);
    }
  }

  /** Only ever rejects; the loser of the race must not end as an unhandled rejection. */
  #timeout(ms: number, answered: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      this.#clock.sleep(ms, answered).then(
        () => reject(new SendFailed('OUTCOME_UNKNOWN', `No outcome within ${ms} ms.`)),
        () => {},
      );
    });
  }
}
