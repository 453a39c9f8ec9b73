import type { ShardNumber } from '../../domain/ids.ts';
import type { Answer } from '../decision.ts';
import type { ReplyAddress } from './command-consumer.ts';

export type Announcement = {
  readonly answer: Answer;
  /** It answers a command that had been answered before. */
  readonly replayed: boolean;
  readonly traceparent: string | undefined;
  readonly replyTo: ReplyAddress | undefined;
};

/** One shard's way out. Events leave in the order of the calls. */
export type EventLane = {
  /** `onConfirmed` is called once, when the broker has this event and every earlier one of the lane; never after `close`.
   *  The reply, when one is awaited, is sent before it. Failures are retried inside, for ever: from the first unconfirmed
   *  event on all of the lane's events again, in order. */
  publish(announcement: Announcement, onConfirmed: () => void): void;
  /** Publishes nothing more. */
  close(): void;
};

export type EventPublisher = {
  lane(shard: ShardNumber): EventLane;
};
