import type { Channel } from 'amqplib/callback_api';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { backoffMs } from './backoff.ts';
import type { AmqpError } from './broker-refused.ts';
import type { SupervisedConnection } from './connection.ts';
import type { Model } from './model.ts';

/** amqplib's callbacks as promises, for what is not on the hot path. */
export const called = <T>(call: (done: (error: Error | null, value: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

/** amqplib fails a confirm when the broker said nack, and when the channel is gone. */
export const wasNacked = (error: Error): boolean => error.message === 'message nacked';

export type StandingChannelOptions<C extends Channel> = {
  readonly connection: SupervisedConnection;
  /** For the log lines. */
  readonly name: string;
  /** Starts opening a channel and returns it at once. */
  readonly create: (model: Model, opened: (error: Error | null) => void) => C;
  /** Called once per channel, when it is open and before `onOpen`. */
  readonly setup?: (channel: C) => Promise<void>;
  readonly onOpen?: (channel: C) => void;
  /** Called once per channel that has been created, in the very turn in which it dies. */
  readonly onLost?: (channel: C) => void;
  /** A loss that is in order, and not logged: how long to wait for the next channel. Undefined for any other. */
  readonly expected?: (problem: AmqpError) => number | undefined;
  /** An exchange or a queue is not there (404): makes it again. */
  readonly repair: () => Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
};

const closeTimeoutMs = 2_000;
/** A channel that lived this long was a good one: the next one is opened at once. */
const goodAfterMs = 10_000;
const notFound = 404;

/** One channel on a supervised connection, opened again whenever it is lost, until `close`. */
export class StandingChannel<C extends Channel> {
  readonly #options: StandingChannelOptions<C>;
  readonly #stop = new AbortController();
  /** Ends the present channel's life as far as we are concerned. */
  #giveUp: () => void = () => {};
  #channel: C | undefined;

  constructor(options: StandingChannelOptions<C>) {
    this.#options = options;
    void this.#run();
  }

  /** Another one takes its place. */
  replace(): void {
    void this.#closeChannel();
  }

  /** Resolves when the broker has closed it, or after two seconds. Never rejects. */
  close(): Promise<void> {
    this.#stop.abort();
    return this.#closeChannel();
  }

  async #closeChannel(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return;
    const giveUp = this.#giveUp;
    const closed = new Promise<void>((resolve) => {
      channel.on('close', resolve);
      try {
        channel.close();
      } catch {
        resolve(); // already closing or closed
      }
    });
    await Promise.race([closed, this.#options.clock.sleep(closeTimeoutMs)]);
    giveUp();
  }

  async #run(): Promise<void> {
    const { connection, clock, logger, name } = this.#options;
    const signal = this.#stop.signal;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const model = await connection.whenUp(signal).catch(() => undefined);
      // Closed while it waited for the connection: a channel opened now would belong to nobody and consume for ever.
      if (model === undefined || signal.aborted) return;
      const startedMs = clock.monotonicMs();
      const problem = await this.#live(model);
      if (signal.aborted) return;
      const pauseMs = problem && this.#options.expected?.(problem);
      if (pauseMs !== undefined) {
        attempt = 0;
        await clock.sleep(pauseMs, signal).catch(() => {});
        continue;
      }
      const lived = clock.monotonicMs() - startedMs;
      if (problem !== undefined) logger.warn({ channel: name, problem: problem.message }, 'AMQP channel lost');
      if (problem?.code === notFound) await this.#options.repair().catch(() => {});
      if (lived > goodAfterMs) attempt = 0;
      else if (attempt > 0) await clock.sleep(backoffMs(attempt - 1), signal).catch(() => {});
    }
  }

  /** One channel's life; resolves with what ended it, when the broker said so. */
  #live(model: Model): Promise<AmqpError | undefined> {
    const { create, setup, onOpen, onLost, logger, name } = this.#options;
    return new Promise((resolve) => {
      let problem: AmqpError | undefined;
      let over = false;
      let channel: C | undefined;
      const end = () => {
        if (over) return;
        over = true;
        if (this.#channel === channel) this.#channel = undefined;
        if (channel !== undefined) onLost?.(channel);
        resolve(problem);
      };
      const opened = async (error: Error | null) => {
        try {
          if (error !== null) throw error;
          await setup?.(channel!);
          if (!over) onOpen?.(channel!);
        } catch (cause) {
          // A failed call has closed the channel already, or its connection is gone; anything else must not stay half set up.
          problem ??= cause as AmqpError;
          if (!over) await this.#closeChannel();
          end();
        }
      };
      try {
        channel = create(model, (error) => void opened(error));
      } catch (error) {
        problem = error as AmqpError;
        return end();
      }
      this.#channel = channel;
      this.#giveUp = end;
      channel.on('error', (error) => {
        problem = error;
      });
      channel.on('close', end);
      channel.on('handler-error', (error) => logger.error({ err: error, channel: name }, 'AMQP listener failed'));
    });
  }
}
