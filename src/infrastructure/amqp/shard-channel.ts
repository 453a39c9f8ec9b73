import type { Channel, Message } from 'amqplib/callback_api';
import type { Clock } from '../../application/ports/system.ts';
import { AckTracker, gapPatienceMs } from './ack-tracker.ts';
import type { AmqpCounts } from './counts.ts';

const flushAt = 64;
/** An ack is a raft entry for the broker, whatever it covers: waiting a moment makes few of many. */
const flushAfterMs = 10;
/** A third of RabbitMQ's default `consumer_timeout`, after which the broker closes the channel itself. */
export const defaultLongestHoldMs = 10 * 60_000;

export type ShardChannelOptions = {
  readonly prefetch: number;
  readonly longestHoldMs: number | undefined;
  /** A delivery was not settled for so long. Nothing more is settled on this channel; it MUST be closed, which brings everything
   *  unsettled again, in order. */
  readonly onHeldTooLong: (held: { readonly deliveries: number; readonly seconds: number }) => void;
  readonly clock: Clock;
  readonly counts: AmqpCounts;
};

/** One life of one shard's channel. Delivery tags mean something only on the channel that delivered, so every delivery holds on
 *  to its own ShardChannel; after its loss nothing is sent any more. */
export class ShardChannel {
  live = true;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #counts: AmqpCounts;
  readonly #options: ShardChannelOptions;
  readonly #tracker: AckTracker;
  readonly #lost = new AbortController();
  /** amqplib acks messages; all it reads is the tag. */
  readonly #acked = { fields: { deliveryTag: 0 } };
  #sinceFlush = 0;
  #scheduled = false;
  #waitingForGap = false;

  constructor(channel: Channel, options: ShardChannelOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#clock = options.clock;
    this.#counts = options.counts;
    this.#tracker = new AckTracker((tag, multiple) => {
      this.#acked.fields.deliveryTag = tag;
      this.#channel.ack(this.#acked as unknown as Message, multiple);
    }, options.prefetch);
    void this.#watch(options.longestHoldMs ?? defaultLongestHoldMs).catch(() => {}); // lost
  }

  /** Aborted when the channel is gone. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  delivered(tag: number): void {
    this.#tracker.delivered(tag, this.#clock.monotonicMs());
  }

  /** Acks the delivery in one of the next frames. */
  settle(tag: number): void {
    if (!this.live) {
      this.stale();
      return;
    }
    this.#tracker.settled(tag);
    if (++this.#sinceFlush >= flushAt) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setTimeout(this.#flushScheduled, flushAfterMs);
    }
  }

  stale(): void {
    this.#counts.staleSettles++;
  }

  /** Sends what may be acked now; with `everything` also what lies above an unsettled delivery. */
  flush(everything = false): void {
    if (!this.live) return;
    this.#sinceFlush = 0;
    try {
      this.#tracker.flush(this.#clock.monotonicMs(), everything);
    } catch {
      this.lost(); // amqplib throws on a channel that is closing
      return;
    }
    if (this.#tracker.ready > 0 && !this.#waitingForGap) this.#flushAfterGap();
  }

  lost(): void {
    this.live = false;
    this.#lost.abort();
  }

  /** Rejects when the channel is lost. */
  async #watch(longestMs: number): Promise<void> {
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      const heldMs = nowMs - (this.#tracker.oldestMs ?? nowMs);
      if (heldMs >= longestMs) return this.#heldTooLong(heldMs);
      await this.#clock.sleep(longestMs - heldMs, this.#lost.signal);
    }
  }

  #heldTooLong(heldMs: number): void {
    this.flush(true);
    if (!this.live) return;
    this.lost();
    this.#counts.heldTooLong++;
    this.#options.onHeldTooLong({ deliveries: this.#tracker.unsettled, seconds: Math.round(heldMs / 1_000) });
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  #flushAfterGap(): void {
    this.#waitingForGap = true;
    this.#clock.sleep(gapPatienceMs, this.#lost.signal).then(
      () => {
        this.#waitingForGap = false;
        this.flush();
      },
      () => {},
    );
  }
}
