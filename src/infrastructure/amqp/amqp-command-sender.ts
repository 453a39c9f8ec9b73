import type { ConfirmChannel, ConsumeMessage } from 'amqplib/callback_api';
import { type CommandSender, SendFailed, type SentOutcome } from '../../application/ports/command-sender.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { Command } from '../../domain/chat/command.ts';
import { encodeCommand } from '../../interface-adapters/amqp/command-json.ts';
import type { SupervisedConnection } from './connection.ts';
import { called, StandingChannel, wasNacked } from './standing-channel.ts';

type Pending = { resolve(outcome: SentOutcome): void; reject(failure: SendFailed): void };

const directReplyTo = 'amq.rabbitmq.reply-to';
const maxPending = 10_000;

/** Requests over direct reply-to: the answer comes back on the channel that asked, no queue is declared for it. */
export class AmqpCommandSender implements CommandSender {
  readonly #connection: SupervisedConnection;
  readonly #exchange: string;
  readonly #clock: Clock;
  readonly #standing: StandingChannel<ConfirmChannel>;
  readonly #pending = new Map<string, Pending>();
  readonly #firstOpen = Promise.withResolvers<void>();
  #channel: ConfirmChannel | undefined;
  #lastId = 0;

  constructor(options: {
    connection: SupervisedConnection;
    exchange: string;
    repair: () => Promise<void>;
    clock: Clock;
    logger: Logger;
  }) {
    const { connection, exchange, repair, clock, logger } = options;
    this.#connection = connection;
    this.#exchange = exchange;
    this.#clock = clock;
    this.#standing = new StandingChannel<ConfirmChannel>({
      connection,
      name: 'requests',
      create: (model, opened) => model.createConfirmChannel(opened),
      setup: (channel) => this.#listen(channel),
      onOpen: (channel) => {
        this.#channel = channel;
        this.#firstOpen.resolve();
      },
      onLost: () => this.#lost(),
      repair,
      clock,
      logger,
    });
  }

  /** Resolves when it can send for the first time. */
  get ready(): Promise<void> {
    return this.#firstOpen.promise;
  }

  async send(command: Command, timeoutMs: number, traceparent?: string): Promise<SentOutcome> {
    const channel = this.#channel;
    if (channel === undefined) throw new SendFailed('OVERLOADED', 'There is no connection to the broker.');
    if (!this.#connection.writable) throw new SendFailed('OVERLOADED', 'The broker takes no messages for now.');
    if (this.#pending.size >= maxPending)
      throw new SendFailed('OVERLOADED', 'Too many commands wait for their outcome.');
    const correlationId = (++this.#lastId).toString(36);
    const over = new AbortController();
    try {
      return await new Promise<SentOutcome>((resolve, reject) => {
        this.#pending.set(correlationId, { resolve, reject });
        this.#clock.sleep(timeoutMs, over.signal).then(
          () => reject(new SendFailed('OUTCOME_UNKNOWN', `No outcome within ${timeoutMs} ms.`)),
          () => {},
        );
        this.#publish(channel, command, correlationId, traceparent);
      });
    } finally {
      over.abort();
      this.#pending.delete(correlationId);
    }
  }

  close(): Promise<void> {
    return this.#standing.close();
  }

  #publish(channel: ConfirmChannel, command: Command, correlationId: string, traceparent: string | undefined): void {
    const options = {
      persistent: true,
      mandatory: true,
      contentType: 'application/json',
      messageId: command.clientMessageId,
      type: command.type,
      correlationId,
      replyTo: directReplyTo,
      ...(traceparent !== undefined && { headers: { traceparent } }),
    };
    const confirmed = (error: Error | null) => {
      // A lost channel fails its confirms as well, but then the outcome is unknown: that is #lost's business.
      if (error !== null && wasNacked(error))
        this.#refuse(correlationId, 'The broker did not take the command.', error);
    };
    try {
      channel.publish(this.#exchange, command.chatId, encodeCommand(command), options, confirmed);
    } catch (error) {
      this.#refuse(correlationId, 'The connection to the broker is closing.', error as Error);
    }
  }

  async #listen(channel: ConfirmChannel): Promise<void> {
    channel.on('return', ({ properties }) =>
      this.#refuse(String(properties.correlationId), 'No queue takes the command.'),
    );
    await called((done) => channel.consume(directReplyTo, (message) => this.#answered(message), { noAck: true }, done));
  }

  #answered(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#standing.replace();
      return;
    }
    const { correlationId, headers } = message.properties;
    this.#pending
      .get(correlationId)
      ?.resolve({ event: message.content.toString('utf8'), replayed: headers?.replayed === true });
  }

  #refuse(correlationId: string, message: string, cause?: Error): void {
    this.#pending.get(correlationId)?.reject(new SendFailed('OVERLOADED', message, { cause }));
  }

  #lost(): void {
    this.#channel = undefined;
    for (const { reject } of this.#pending.values()) {
      reject(new SendFailed('OUTCOME_UNKNOWN', 'The connection to the broker was lost before the outcome came.'));
    }
  }
}
