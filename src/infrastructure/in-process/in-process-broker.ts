import type { CommandConsumer, ReplyAddress } from '../../application/ports/command-consumer.ts';
import type { CommandSender } from '../../application/ports/command-sender.ts';
import type { EventPublisher } from '../../application/ports/event-publisher.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { type DeadLetter, DeadLetters } from './dead-letters.ts';
import { InProcessCommandConsumer } from './in-process-command-consumer.ts';
import { InProcessCommandSender } from './in-process-command-sender.ts';
import { type EventListener, InProcessEventPublisher } from './in-process-event-publisher.ts';
import { Replies } from './replies.ts';
import { ShardQueue } from './shard-queue.ts';
import { suggestShard } from './suggest-shard.ts';

export type InProcessBrokerOptions = {
  readonly shardCount: number;
  readonly prefetch: number;
  readonly logger: Logger;
  readonly clock: Clock;
};

export type InProcessBroker = {
  readonly consumer: CommandConsumer;
  readonly sender: CommandSender;
  readonly publisher: EventPublisher;
  /** Puts bytes on their way as some other service would; nobody looks at them before the consumer does. */
  publish(body: Uint8Array, routingChatId: string, properties?: { traceparent?: string; replyTo?: ReplyAddress }): void;
  /** Every event from now on. Returns how to stop. */
  subscribe(listener: EventListener): () => void;
  deadLetters(): readonly DeadLetter[];
  /** How many there were so far. */
  readonly deadLettered: number;
};

/** The broker of the embedded default: the same contract as RabbitMQ within one process. What is in it ends with the process;
 *  whoever sent it has no answer then, and asks again. */
export const openInProcessBroker = ({
  shardCount,
  prefetch,
  logger,
  clock,
}: InProcessBrokerOptions): InProcessBroker => {
  const queues = Array.from({ length: shardCount }, () => new ShardQueue());
  const queueOf = (chatId: string) => queues[suggestShard(chatId, shardCount)]!;
  const deadLetters = new DeadLetters(logger);
  const replies = new Replies();
  const publisher = new InProcessEventPublisher(replies, logger);
  return {
    consumer: new InProcessCommandConsumer(queues, prefetch, deadLetters, clock, logger),
    sender: new InProcessCommandSender(queueOf, replies, clock),
    publisher,
    publish: (body, routingChatId, { traceparent, replyTo } = {}) =>
      queueOf(routingChatId).push({ body, traceparent, replyTo, redelivered: false }),
    subscribe: (listener) => publisher.subscribe(listener),
    deadLetters: () => deadLetters.list,
    get deadLettered() {
      return deadLetters.added;
    },
  };
};
