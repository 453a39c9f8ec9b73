import type { Logger } from '../../application/ports/system.ts';

export type DeadLetter = { readonly body: Uint8Array; readonly reason: string; readonly shard: number };

/** Old ones make room: this broker keeps nothing over a restart anyway. */
const kept = 1_000;

/** What could not be handled, for whoever looks, and a log line each (never the body: it may hold a message's text). */
export class DeadLetters {
  readonly #logger: Logger;
  readonly #letters: DeadLetter[] = [];
  #added = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get list(): readonly DeadLetter[] {
    return this.#letters;
  }

  /** So far, those that have made room included. */
  get added(): number {
    return this.#added;
  }

  add(letter: DeadLetter): void {
    this.#added++;
    if (this.#letters.length === kept) this.#letters.shift();
    this.#letters.push(letter);
    const { shard, reason, body } = letter;
    this.#logger.warn({ shard, reason, bodyBytes: body.byteLength }, 'command moved to the dead letters');
  }
}
