import type { Logger } from './application/ports/system.ts';

type Stoppable = { stop(): Promise<void> };

/** Longer than draining takes; after that the process goes, which loses nothing: what is undone stands in the journal. */
const stopWithinMs = 25_000;

/** SIGTERM and SIGINT stop the service in order; a second one ends the process at once. Any defect that nobody caught ends it too:
 *  a restart is safer than going on with a state nobody knows. */
export const stopOnSignals = (service: Stoppable, logger: Logger): void => {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping; a second signal ends the process at once');
    setTimeout(() => {
      logger.error({ afterMs: stopWithinMs }, 'could not stop in time; ending the process');
      process.exit(1);
    }, stopWithinMs).unref();
    service.stop().then(
      () => {
        logger.info({}, 'stopped');
        process.exit(0);
      },
      (error) => {
        logger.error({ err: error }, 'stopping failed; ending the process');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};

/** SIGHUP: what was changed by hand counts now. */
export const reloadOnHangup = (service: { reloadPolicies(): void }, logger: Logger): void => {
  process.on('SIGHUP', () => {
    logger.info({}, 'SIGHUP: looking at the policies');
    service.reloadPolicies();
  });
};

export const dieOnDefects = (logger: Logger): void => {
  const die = (error: unknown) => {
    logger.error({ err: error }, 'a defect nobody caught; ending the process');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
};
