import type { Channel, Message } from 'amqplib/callback_api';
import type { Clock } from '../../application/ports/system.ts';
import { AckTracker, gapPatienceMs } from './ack-tracker.ts';
import type { AmqpCounts } from './counts.ts';

const flushAt = 64;
/** An ack is a raft entry for the broker, whatever it covers: waiting a moment makes few of many. */
const flushAfterMs = 10;

/** One life of one shard's channel. Delivery tags mean something only on the channel that delivered, so every delivery holds on
 *  to its own ShardChannel; after its loss nothing is sent any more. */
export class ShardChannel {
  live = true;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #counts: AmqpCounts;
  readonly #tracker: AckTracker;
  readonly #lost = new AbortController();
  /** amqplib acks messages; all it reads is the tag. */
  readonly #acked = { fields: { deliveryTag: 0 } };
  #sinceFlush = 0;
  #scheduled = false;
  #waitingForGap = false;

  constructor(channel: Channel, prefetch: number, clock: Clock, counts: AmqpCounts) {
    this.#channel = channel;
    this.#clock = clock;
    this.#counts = counts;
    this.#tracker = new AckTracker((tag, multiple) => {
      this.#acked.fields.deliveryTag = tag;
      this.#channel.ack(this.#acked as unknown as Message, multiple);
    }, prefetch);
  }

  /** Aborted when the channel is gone. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  delivered(tag: number): void {
    this.#tracker.delivered(tag);
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
