import type { ReplyAddress } from '../../application/ports/command-consumer.ts';
import type { SentOutcome } from '../../application/ports/command-sender.ts';

const queue = 'in-process';

/** Who waits for which outcome. */
export class Replies {
  readonly #waiting = new Map<string, (outcome: SentOutcome) => void>();
  #lastId = 0;

  /** The address to give along; `forget` it in any case. */
  await(onOutcome: (outcome: SentOutcome) => void): ReplyAddress {
    const correlationId = (++this.#lastId).toString(36);
    this.#waiting.set(correlationId, onOutcome);
    return { queue, correlationId };
  }

  answer(address: ReplyAddress, outcome: SentOutcome): void {
    if (address.queue === queue) this.#waiting.get(address.correlationId)?.(outcome);
  }

  forget({ correlationId }: ReplyAddress): void {
    this.#waiting.delete(correlationId);
  }
}
