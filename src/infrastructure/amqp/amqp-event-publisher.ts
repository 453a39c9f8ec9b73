import type { Answer } from '../../application/decision.ts';
import type { Announcement, EventLane, EventPublisher } from '../../application/ports/event-publisher.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { eventBody, eventIdOf } from '../../interface-adapters/amqp/event-json.ts';
import type { SupervisedConnection } from './connection.ts';
import type { AmqpCounts } from './counts.ts';
import { AmqpEventLane, type Envelope } from './event-lane.ts';

export type AmqpEventPublisherOptions = {
  readonly connection: SupervisedConnection;
  readonly exchange: string;
  /** `{type}` and `{chat_id}` are filled in. Empty: '' for message events, as the siblings bind it, and the type for others
   *  and for what somebody deletes for themself. */
  readonly routingKeyTemplate: string;
  readonly repair: () => Promise<void>;
  readonly counts: AmqpCounts;
  readonly clock: Clock;
  readonly logger: Logger;
};

const returnLogEveryMs = 10_000;

export class AmqpEventPublisher implements EventPublisher {
  readonly #options: AmqpEventPublisherOptions;
  readonly #lanes = new Set<EventLane>();
  #returnsNotLogged = 0;
  #returnLoggedMs = Number.NEGATIVE_INFINITY;

  constructor(options: AmqpEventPublisherOptions) {
    this.#options = options;
  }

  lane(shard: ShardNumber): EventLane {
    const { connection, exchange, routingKeyTemplate, repair, counts, clock, logger } = this.#options;
    const lane = new AmqpEventLane({
      connection,
      name: `events of shard ${shard}`,
      exchange,
      envelope: (announcement) => envelopeOf(announcement, routingKeyTemplate),
      onReturn: () => this.#returned(),
      repair,
      counts,
      clock,
      logger,
    });
    this.#lanes.add(lane);
    return {
      publish: (announcement, onConfirmed) => lane.publish(announcement, onConfirmed),
      close: () => {
        this.#lanes.delete(lane);
        lane.close();
      },
    };
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
    this.#lanes.clear();
  }

  /** Nobody has bound a queue for it: allowed, and worth a line now and then. */
  #returned(): void {
    const { clock, counts, exchange, logger } = this.#options;
    counts.unroutableEvents++;
    this.#returnsNotLogged++;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#returnLoggedMs < returnLogEveryMs) return;
    logger.warn({ exchange, events: this.#returnsNotLogged }, 'no queue took these events');
    this.#returnLoggedMs = nowMs;
    this.#returnsNotLogged = 0;
  }
}

/** One for all events that have none: amqplib makes the headers the prototype of others, and V8 gives whatever becomes a prototype a hidden class of
 *  its own, which costs more than the event. */
const noHeaders: Readonly<Record<string, unknown>> = {};

const headersOf = ({ replayed, traceparent }: Announcement): Readonly<Record<string, unknown>> => {
  if (traceparent === undefined && !replayed) return noHeaders;
  return { ...(traceparent !== undefined && { traceparent }), ...(replayed && { replayed }) };
};

const envelopeOf = (announcement: Announcement, template: string): Envelope => {
  const { answer } = announcement;
  return {
    routingKey: routingKeyOf(answer, template),
    body: Buffer.from(eventBody(answer)),
    options: {
      persistent: true,
      mandatory: true,
      messageId: eventIdOf(answer),
      contentType: 'application/json',
      type: answer.type,
      headers: headersOf(announcement),
    },
  };
};

export const routingKeyOf = (answer: Pick<Answer, 'type' | 'chatId'>, template: string): string => {
  const { type, chatId } = answer;
  if (template !== '') return template.replaceAll('{type}', type).replaceAll('{chat_id}', chatId);
  return type.startsWith('message.') && !isForOneOnly(answer) ? '' : type;
};

/** The siblings show a message event to both of a chat: what one has deleted for themself would go for the other, too. */
const isForOneOnly = (answer: object): boolean => 'scope' in answer && answer.scope === 'me';
