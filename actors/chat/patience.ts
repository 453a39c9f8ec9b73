import { SessionLost } from '../../src/application/ports/chat-store.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';

export type Patience = { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal };

const firstPauseMs = 20;
const longestPauseMs = 2_000;

/** Asks until there is an answer: a failure that may heal is no reason to judge a command. Gives up only when the session is lost
 *  or the shard is given up, by throwing. */
export const patiently = async <T>(
  what: string,
  { clock, logger, signal }: Patience,
  ask: () => Promise<T>,
): Promise<T> => {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof SessionLost || signal.aborted) throw error;
      if (pauseMs >= 160) logger.warn({ err: error, retryInMs: pauseMs }, `${what} failed; its commands wait`);
      await clock.sleep(pauseMs * (0.5 + Math.random() / 2), signal);
    }
  }
};
