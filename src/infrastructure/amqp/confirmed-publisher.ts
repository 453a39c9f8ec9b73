import type { ConfirmChannel } from 'amqplib/callback_api';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { backoffMs } from './backoff.ts';
import type { SupervisedConnection } from './connection.ts';
import { redeliveredHeader } from './message-properties.ts';
import { type Parcel, publishMandatory } from './parcel.ts';
import { StandingChannel } from './standing-channel.ts';

type Attempt = { readonly parcel: Parcel; written: boolean; returned: boolean };

const confirmTimeoutMs = 30_000;
const channelName = 'forwards and dead letters';

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
      name: channelName,
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
    let next = parcel;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const { problem, written } = await this.#tryOnce(next, signal);
      if (problem === undefined) return true;
      if (signal.aborted) return false;
      if (written) next = marked(parcel);
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

  /** Resolves with what went wrong, and whether a queue may have the message nevertheless. */
  async #tryOnce(parcel: Parcel, signal: AbortSignal): Promise<{ problem: string | undefined; written: boolean }> {
    const channel = this.#channel;
    if (channel === undefined) return { problem: 'no channel', written: false };
    if (!this.#connection.writable) return { problem: 'the broker takes no messages for now', written: false };
    const attempt: Attempt = { parcel, written: false, returned: false };
    const over = new AbortController();
    const problem = await new Promise<string | undefined>((resolve) => {
      const stop = () => resolve('given up');
      const timedOut = () => {
        // While the broker blocks publishers nothing is confirmed, and that is no fault of the channel.
        if (this.#connection.writable) this.#giveUpChannel(channel);
        resolve('no confirm');
      };
      signal.addEventListener('abort', stop, { once: true, signal: over.signal });
      this.#clock.sleep(confirmTimeoutMs, over.signal).then(timedOut, () => {});
      this.#inFlight.add(attempt);
      // The return of a mandatory message comes before its confirm.
      const confirmed = (error: Error | null) =>
        resolve(error !== null ? error.message : attempt.returned ? 'no queue takes it' : undefined);
      try {
        publishMandatory(channel, parcel, confirmed);
        attempt.written = true;
      } catch (error) {
        resolve((error as Error).message);
      }
    }).finally(() => {
      over.abort();
      this.#inFlight.delete(attempt);
    });
    return { problem, written: attempt.written };
  }

  /** A channel that confirms nothing may never do so again. */
  #giveUpChannel(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#logger.warn(
      { channel: channelName, problem: 'confirm missing' },
      'messages are moved again on a new channel',
    );
    this.#standing.replace();
  }

  /** A return does not say which publish it answers (the properties are the producer's). Every one on its way to the same place
   *  counts as returned: at worst one of them arrives twice, and commands are idempotent. */
  #returned(exchange: string, routingKey: string): void {
    for (const attempt of this.#inFlight) {
      if (attempt.parcel.exchange === exchange && attempt.parcel.routingKey === routingKey) attempt.returned = true;
    }
  }
}

/** A second copy says that it may be one: it must be answered like the first, not rejected as a duplicate. */
const marked = (parcel: Parcel): Parcel => ({
  ...parcel,
  options: { ...parcel.options, headers: { ...parcel.options.headers, [redeliveredHeader]: true } },
  ownHeaders: { ...parcel.ownHeaders, [redeliveredHeader]: true },
});
