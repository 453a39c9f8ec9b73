import type { ConfirmChannel, Options } from 'amqplib/callback_api';
import type { ReplyAddress } from '../../application/ports/command-consumer.ts';
import type { Announcement, EventLane } from '../../application/ports/event-publisher.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { SupervisedConnection } from './connection.ts';
import type { AmqpCounts } from './counts.ts';
import { StandingChannel, wasNacked } from './standing-channel.ts';

/** An event as it goes to the broker. */
export type Envelope = { readonly routingKey: string; readonly body: Buffer; readonly options: Options.Publish };

type Waiting = { -readonly [K in keyof Envelope]: Envelope[K] } & {
  readonly replyTo: ReplyAddress | undefined;
  onConfirmed: () => void;
  confirmed: boolean;
  /** The broker did not take it. */
  refused: boolean;
};

export type EventLaneOptions = {
  readonly connection: SupervisedConnection;
  readonly name: string;
  readonly exchange: string;
  readonly envelope: (announcement: Announcement) => Envelope;
  readonly onReturn: () => void;
  readonly repair: () => Promise<void>;
  readonly counts: AmqpCounts;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** No confirm for this long: the channel is given up. */
const confirmTimeoutMs = 30_000;

/** A window over the lane's events, from the first unconfirmed one on. It is bounded from outside: every event in it belongs to
 *  an unsettled delivery or to an open journal group. */
export class AmqpEventLane implements EventLane {
  readonly #options: EventLaneOptions;
  readonly #standing: StandingChannel<ConfirmChannel>;
  readonly #stopListening: () => void;
  readonly #stop = new AbortController();
  #channel: ConfirmChannel | undefined;
  #window: Waiting[] = [];
  /** Index of the first unconfirmed event; what lies before it is dropped now and then. */
  #first = 0;
  /** Index of the next event to be written on the present channel. */
  #next = 0;
  /** amqplib's buffer is full. */
  #congested = false;
  /** The broker has refused an event: nothing more is written on this channel. */
  #refused = false;
  #waitingSinceMs = 0;
  #watching = false;

  constructor(options: EventLaneOptions) {
    this.#options = options;
    const { connection, name, repair, clock, logger } = options;
    this.#standing = new StandingChannel<ConfirmChannel>({
      connection,
      name,
      create: (model, opened) => model.createConfirmChannel(opened),
      onOpen: (channel) => this.#opened(channel),
      onLost: (channel) => this.#lost(channel),
      repair,
      clock,
      logger,
    });
    this.#stopListening = connection.onUnblocked(() => {
      this.#waitingSinceMs = clock.monotonicMs();
      this.#advance();
      this.#pump();
    });
  }

  publish(announcement: Announcement, onConfirmed: () => void): void {
    if (this.#stop.signal.aborted) return;
    const { routingKey, body, options } = this.#options.envelope(announcement);
    const { replyTo } = announcement;
    this.#window.push({ routingKey, body, options, replyTo, onConfirmed, confirmed: false, refused: false });
    this.#pump();
  }

  close(): void {
    this.#stop.abort();
    this.#stopListening();
    this.#window = [];
    this.#first = this.#next = 0;
    void this.#standing.close();
  }

  #opened(channel: ConfirmChannel): void {
    channel.on('return', this.#options.onReturn);
    channel.on('drain', () => {
      this.#congested = false;
      this.#pump();
    });
    this.#channel = channel;
    this.#pump();
  }

  /** All events from the first unconfirmed one on will be sent again, the confirmed ones among them too: a consumer that takes
   *  the events of a chat only in order then finds every one of them after its predecessor. */
  #lost(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#congested = false;
    this.#refused = false;
    this.#options.counts.resentEvents += this.#next - this.#first;
    this.#next = this.#first;
    for (let i = this.#first; i < this.#window.length; i++) {
      const event = this.#window[i]!;
      event.confirmed = event.refused = false;
    }
  }

  #giveUpChannel(why: string): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    this.#options.logger.warn({ channel: this.#options.name, problem: why }, 'events are sent again on a new channel');
    this.#lost(channel);
    this.#standing.replace();
  }

  #pump(): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    const { connection } = this.#options;
    while (this.#next < this.#window.length && !this.#congested && !this.#refused && connection.writable) {
      const event = this.#window[this.#next]!;
      if (this.#next === this.#first) this.#waitingSinceMs = this.#options.clock.monotonicMs();
      const confirmed = (error: Error | null) => this.#answered(channel, event, error);
      try {
        // False means: it is in the buffer, but let that drain before the next one.
        this.#congested = !channel.publish(
          this.#options.exchange,
          event.routingKey,
          event.body,
          event.options,
          confirmed,
        );
      } catch {
        return; // the channel is closing; all of it is sent again on the next one
      }
      this.#next++;
    }
    if (!this.#watching && this.#first < this.#window.length) void this.#watch();
  }

  #answered(channel: ConfirmChannel, event: Waiting, error: Error | null): void {
    if (this.#channel !== channel) return;
    if (error === null) event.confirmed = true;
    else if (wasNacked(error)) this.#refused = event.refused = true;
    else return;
    this.#advance();
  }

  #advance(): void {
    const { connection, clock } = this.#options;
    const before = this.#first;
    while (this.#first < this.#next && this.#window[this.#first]!.confirmed) {
      const event = this.#window[this.#first]!;
      if (event.replyTo !== undefined) {
        if (!connection.writable) break; // goes on when the broker takes messages again
        this.#reply(event.replyTo, event);
      }
      this.#first++;
      const { onConfirmed } = event;
      // It stays in the window for a while, and in what amqplib has outgrown (outbox.ts, `forget`).
      event.body = event.options = event.onConfirmed = undefined as never;
      onConfirmed();
    }
    if (this.#first > before) {
      this.#waitingSinceMs = clock.monotonicMs();
      if (this.#first >= 256 || this.#first === this.#window.length) this.#dropConfirmed();
    }
    // Not before those in front of it are answered: a refusal comes at once, a confirm when it is on disk, and what had been taken
    // already would be sent again and again.
    if (this.#window[this.#first]?.refused) this.#giveUpChannel('the broker refused an event');
  }

  /** Whoever asked may be gone: not mandatory, and nobody waits for its confirm. */
  #reply({ queue, correlationId }: ReplyAddress, { body, options }: Waiting): void {
    const { headers, contentType, type } = options;
    try {
      this.#channel?.publish('', queue, body, { correlationId, headers, contentType, type });
    } catch {
      // The requester's time runs out, and it asks again.
    }
  }

  #dropConfirmed(): void {
    this.#window.splice(0, this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }

  async #watch(): Promise<void> {
    const { clock, connection } = this.#options;
    this.#watching = true;
    while (this.#first < this.#window.length) {
      await clock.sleep(confirmTimeoutMs / 6, this.#stop.signal).catch(() => {});
      if (this.#stop.signal.aborted) return;
      const overdue = clock.monotonicMs() - this.#waitingSinceMs >= confirmTimeoutMs;
      if (overdue && this.#next > this.#first && connection.writable) this.#giveUpChannel('confirm missing');
    }
    this.#watching = false;
  }
}
