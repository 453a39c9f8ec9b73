import { EventEmitter } from 'node:events';
import type { Clock } from '../../../src/application/ports/system.ts';
import { micros } from '../../../src/domain/ids.ts';

/** Time passes only when told to. */
export class ManualClock implements Clock {
  #ms = 0;
  readonly #sleepers = new Set<{ atMs: number; wake: () => void }>();
  now = () => micros(this.#ms * 1_000);
  monotonicMs = () => this.#ms;
  sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((wake, reject) => {
      const sleeper = { atMs: this.#ms + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  async pass(ms: number): Promise<void> {
    for (const end = this.#ms + ms; this.#ms < end; ) {
      this.#ms += 1_000;
      for (const sleeper of [...this.#sleepers]) {
        if (sleeper.atMs <= this.#ms && this.#sleepers.delete(sleeper)) sleeper.wake();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A confirm channel as amqplib's, whose broker is the test. */
export class FakeChannel extends EventEmitter {
  readonly published: string[] = [];
  readonly replies: string[] = [];
  readonly #confirms: ((error: Error | null) => void)[] = [];
  publish(
    exchange: string,
    routingKey: string,
    body: Buffer,
    _options: object,
    done?: (error: Error | null) => void,
  ): boolean {
    if (exchange === '') this.replies.push(`${routingKey}: ${body}`);
    else this.published.push(String(body));
    if (done !== undefined) this.#confirms.push(done);
    return true;
  }
  confirm(...which: number[]): void {
    for (const index of which) this.#confirms[index]!(null);
  }
  nack(index: number): void {
    this.#confirms[index]!(new Error('message nacked'));
  }
  close(): void {
    setImmediate(() => this.emit('close'));
  }
}
