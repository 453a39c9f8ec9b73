import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib/callback_api';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { backoffMs } from './backoff.ts';
import type { SupervisedConnection } from './connection.ts';
import { StandingChannel } from './standing-channel.ts';

export type Parcel = {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
  /** The headers that must not be lost when the whole set cannot be written. */
  readonly ownHeaders: Record<string, unknown>;
};

type Attempt = { readonly parcel: Parcel; returned: boolean };

const confirmTimeoutMs = 30_000;

/** Moves messages into queues: each is published, mandatory, until a queue has confirmed it. For what must not get lost on its
 *  way (forwarded commands, dead letters); events have lanes of their own. */
export class ConfirmedPublisher {
  readonly #connection: SupervisedConnection;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #standing: StandingChannel<ConfirmChannel>;
  #channel: ConfirmChannel | undefined;
  readonly #inFlight = new Set<Attempt>();

  constructor(options: {
    connection: SupervisedConnection;
    repair: () => Promise<void>;
    clock: Clock;
    logger: Logger;
  }) {
    const { connection, repair, clock, logger } = options;
    this.#connection = connection;
    this.#clock = clock;
    this.#logger = logger;
    this.#standing = new StandingChannel<ConfirmChannel>({
      connection,
      name: 'forwards and dead letters',
      create: (model, opened) => model.createConfirmChannel(opened),
      onOpen: (channel) => {
        channel.on('return', ({ fields }) => this.#returned(fields.exchange, fields.routingKey));
        this.#channel = channel;
      },
      onLost: () => {
        this.#channel = undefined;
      },
      repair,
      clock,
      logger,
    });
  }

  /** Resolves true when a queue has it; false when the signal came first (it may have it nevertheless). Never rejects. */
  async deliver(parcel: Parcel, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const problem = await this.#tryOnce(parcel, signal);
      if (problem === undefined) return true;
      if (signal.aborted) return false;
      if (attempt === 3) {
        const { exchange, routingKey } = parcel;
        this.#logger.warn({ exchange, routingKey, problem }, 'a message cannot be moved; trying on');
      }
      await this.#clock.sleep(backoffMs(attempt), signal).catch(() => {});
    }
    return false;
  }

  close(): Promise<void> {
    return this.#standing.close();
  }

  /** Resolves with what went wrong. */
  #tryOnce(parcel: Parcel, signal: AbortSignal): Promise<string | undefined> {
    const channel = this.#channel;
    if (channel === undefined) return Promise.resolve('no channel');
    if (!this.#connection.writable) return Promise.resolve('the broker takes no messages for now');
    const attempt: Attempt = { parcel, returned: false };
    const over = new AbortController();
    return new Promise<string | undefined>((resolve) => {
      const stop = () => resolve('given up');
      signal.addEventListener('abort', stop, { once: true, signal: over.signal });
      this.#clock.sleep(confirmTimeoutMs, over.signal).then(
        () => resolve('no confirm'),
        () => {},
      );
      this.#inFlight.add(attempt);
      // The return of a mandatory message comes before its confirm.
      const confirmed = (error: Error | null) =>
        resolve(error !== null ? error.message : attempt.returned ? 'no queue takes it' : undefined);
      try {
        this.#publish(channel, parcel, confirmed);
      } catch (error) {
        resolve((error as Error).message);
      }
    }).finally(() => {
      over.abort();
      this.#inFlight.delete(attempt);
    });
  }

  #publish(channel: ConfirmChannel, parcel: Parcel, confirmed: (error: Error | null) => void): void {
    const options = { ...parcel.options, mandatory: true };
    try {
      channel.publish(parcel.exchange, parcel.routingKey, parcel.content, options, confirmed);
    } catch (error) {
      if (error instanceof IllegalOperationError) throw error; // the channel is gone
      // amqplib writes at most 64 KiB of headers, a producer may have sent more: the message matters more than its headers.
      const { headers: _, ...rest } = options;
      channel.publish(
        parcel.exchange,
        parcel.routingKey,
        parcel.content,
        { ...rest, headers: parcel.ownHeaders },
        confirmed,
      );
    }
  }

  /** A return does not say which publish it answers (the properties are the producer's). Every one on its way to the same place
   *  counts as returned: at worst one of them arrives twice, and commands are idempotent. */
  #returned(exchange: string, routingKey: string): void {
    for (const attempt of this.#inFlight) {
      if (attempt.parcel.exchange === exchange && attempt.parcel.routingKey === routingKey) attempt.returned = true;
    }
  }
}
