import type { Announcement, EventLane, EventPublisher } from '../../application/ports/event-publisher.ts';
import type { Logger } from '../../application/ports/system.ts';
import { eventBody, eventIdOf } from '../../interface-adapters/amqp/event-json.ts';
import type { Replies } from './replies.ts';

/** An event as a consumer sees it. */
export type PublishedEvent = {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly replayed: boolean;
  readonly traceparent: string | undefined;
};

export type EventListener = (event: PublishedEvent) => void;

export class InProcessEventPublisher implements EventPublisher {
  readonly #replies: Replies;
  readonly #logger: Logger;
  readonly #listeners = new Set<EventListener>();

  constructor(replies: Replies, logger: Logger) {
    this.#replies = replies;
    this.#logger = logger;
  }

  /** Every event from now on. Returns how to stop. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  lane(): EventLane {
    let waiting: { announcement: Announcement; onConfirmed: () => void }[] = [];
    let closed = false;
    // Confirmed in a later turn, as by a real broker: whoever publishes is not called back while it publishes.
    const deliver = () => {
      const batch = waiting;
      waiting = [];
      for (const { announcement, onConfirmed } of batch) {
        if (closed) return;
        this.#deliver(announcement);
        onConfirmed();
      }
    };
    return {
      publish(announcement, onConfirmed) {
        if (closed) return;
        if (waiting.push({ announcement, onConfirmed }) === 1) setImmediate(deliver);
      },
      close() {
        closed = true;
        waiting = [];
      },
    };
  }

  #deliver({ answer, replayed, traceparent, replyTo }: Announcement): void {
    const body = eventBody(answer);
    const event = { id: eventIdOf(answer), type: answer.type, body, replayed, traceparent };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#logger.error({ err: error }, 'a listener to events failed');
      }
    }
    if (replyTo !== undefined) this.#replies.answer(replyTo, { event: body, replayed });
  }
}
