import type { ConfirmChannel, ConsumeMessage } from 'amqplib/callback_api';
import type { Clock } from '../../application/ports/system.ts';
import { called } from './standing-channel.ts';

/** Why nothing went on, in a sentence for people. */
export class DeadLettersFailed extends Error {
  override readonly name = 'DeadLettersFailed';
}

/** The largest prefetch there is: so many letters a look can hold, and go through, in order. */
export const mostAtOnce = 65_535;

const idleTimeoutMs = 5_000;

/** Everything a queue holds, in the hands of one consumer. What is not acked goes back when the channel closes, in order.
 *  Gotchas, all measured: what `basic.get` took comes back in any order, for the queue each get is a consumer of its own. What comes
 *  back stands behind what came back before, so a look must take all there is, even if it reads ten of them; the others need not
 *  have arrived here when the channel is closed. */
export class DeadLetterLook {
  readonly #clock: Clock;
  /** Taken ones leave a hole: shifting a long array costs its length. */
  readonly #arrived: (ConsumeMessage | undefined)[] = [];
  #taken = 0;
  #ended: string | undefined;
  #wake: () => void = () => {};

  private constructor(channel: ConfirmChannel, clock: Clock) {
    this.#clock = clock;
    channel.on('error', (error) => this.#end(error.message));
    channel.on('close', () => this.#end('the channel was closed'));
  }

  static async begin(channel: ConfirmChannel, queue: string, clock: Clock): Promise<DeadLetterLook> {
    const look = new DeadLetterLook(channel, clock);
    await called((done) => channel.prefetch(mostAtOnce, false, done));
    await called((done) => channel.consume(queue, (message) => look.#receive(message), { noAck: false }, done));
    return look;
  }

  /** In the order of the queue. Rejects when none comes for five seconds, or none can come any more. */
  async next(): Promise<ConsumeMessage> {
    if (this.#taken === this.#arrived.length && this.#ended === undefined) await this.#nextOrIdle();
    const message = this.#arrived[this.#taken];
    if (message === undefined) {
      const why = this.#ended ?? 'somebody else took them, or the broker hangs';
      throw new DeadLettersFailed(`The broker hands out no more of the letters that it had: ${why}. Try again.`);
    }
    this.#arrived[this.#taken++] = undefined;
    return message;
  }

  async #nextOrIdle(): Promise<void> {
    const over = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, this.#clock.sleep(idleTimeoutMs, over.signal).catch(() => {})]);
    over.abort();
  }

  #receive(message: ConsumeMessage | null): void {
    if (message === null) this.#end('the queue was deleted');
    else this.#arrived.push(message);
    this.#wake();
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#wake();
  }
}
