import type { Command } from '../../domain/chat/command.ts';
import type { ShardNumber } from '../../domain/ids.ts';

/** A command as it lies on the table of its consumer. Exactly one of `ack`, `forward`, `deadLetter` settles it; closing the
 *  subscription hands back all that are not settled. Several may share one message of the broker (the parts of a batch): it is settled
 *  when all of them are. Settling a delivery whose channel is gone does nothing: it comes again. */
export type Delivery = {
  /** Not to be asked for once it is `decided`. */
  readonly command: Command;
  /** The broker (or a forwarding instance) may have delivered it before. */
  readonly redelivered: boolean;
  /** False once its channel is gone: the command will be, or has been, delivered again. */
  readonly live: boolean;
  readonly traceparent: string | undefined;
  /** When it came to this process, by the clock's `monotonicMs`. */
  readonly receivedMs: number;
  /** Where the outcome is awaited, when somebody does. */
  readonly replyTo: ReplyAddress | undefined;
  ack(): void;
  /** Its answer is on the way: it can only be acked from now on, and may let go of its command and of what the other ways out need. Saves memory, no
   *  more. */
  decided?(): void;
  /** Moves it, unchanged, to another shard's queue; resolves after the broker's confirm and the ack. Retries inside. Resolves as
   *  well when its channel was lost meanwhile: look at `live`. */
  forward(shard: ShardNumber): Promise<void>;
  /** Moves it to the dead letters with a reason for people; resolves after the broker's confirm and the ack. Retries inside. */
  deadLetter(reason: string): Promise<void>;
};

export type ReplyAddress = { readonly queue: string; readonly correlationId: string };

/** Deliveries of one shard. */
export type Subscription = {
  /** Hands everything unsettled back, in order, and ends. Resolves when the broker has it. Idempotent; never rejects. */
  close(): Promise<void>;
  /** Resolves once every ack so far has been handed to the socket. Does not wait for a running `forward` or `deadLetter`. */
  flush(): Promise<void>;
};

/** To the implementer: deliver in the queue's order and at most `prefetch` unsettled at a time; reconnect by yourself (everything
 *  unsettled is then delivered again, in order); dead-letter what cannot be decoded and go on. MUST NOT nack with requeue,
 *  MUST NOT cancel a consumer: both break the order (ADR-003). */
export type CommandConsumer = {
  /** False while this process cannot reach its broker, to take commands or to announce events. Left out: never. */
  readonly available?: boolean;
  /** Resolves at once: deliveries begin when the broker is there. */
  consume(shard: ShardNumber, onDelivery: (delivery: Delivery) => void): Promise<Subscription>;
};
