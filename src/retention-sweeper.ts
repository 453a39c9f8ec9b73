import type { Clock, Logger } from './application/ports/system.ts';
import type { SweepReport } from './application/use-cases/sweep-retention.ts';

export type SweeperDeps = {
  readonly sweep: (signal: AbortSignal) => Promise<SweepReport>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** 0 to 1: instances that start together should not all sweep together. */
  readonly random: () => number;
};

/** Sweeps again and again, the first time not before half an interval has passed: a start has other things to do. Resolves when
 *  `signal` is aborted and nothing is under way any more. */
export const keepSweeping = async ({ sweep, everyMs, clock, logger, signal, random }: SweeperDeps): Promise<void> => {
  while (!signal.aborted) {
    try {
      await clock.sleep(everyMs * (0.5 + random() / 2), signal);
      const beganMs = clock.monotonicMs();
      const report = await sweep(signal);
      const level = report.trimmed > 0 || report.failed > 0 ? 'info' : 'debug';
      logger[level]({ ...report, tookMs: Math.round(clock.monotonicMs() - beganMs) }, 'retention sweep done');
    } catch (error) {
      if (!signal.aborted)
        logger.warn({ err: error }, 'the retention sweep could not be finished; the next one begins anew');
    }
  }
};
