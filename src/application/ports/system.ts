import type { Micros } from '../../domain/ids.ts';

export type Clock = {
  /** Wall clock. */
  now(): Micros;
  /** Milliseconds that only go forward; the origin means nothing. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason. Never keeps the process alive by itself. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export type IdGenerator = { random(): string };

/** Structured log lines. Never a message's text, a token or a secret. */
export type Logger = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};
