import type { Clock } from '../../application/ports/system.ts';
import type { Micros } from '../../domain/ids.ts';
import { microsOfMs } from '../../domain/time.ts';

export class SystemClock implements Clock {
  /** The machine's clock counts milliseconds: the last three digits are 0. */
  now(): Micros {
    return microsOfMs(Date.now());
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const aborted = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      }, ms).unref();
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }
}
