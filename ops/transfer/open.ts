import { noTelemetry } from '../../src/application/ports/telemetry.ts';
import { transferInstance } from '../../src/application/transfer/hold-all-shards.ts';
import { loadConfig } from '../../src/infrastructure/config/load-config.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { createLogger } from '../../src/infrastructure/telemetry/logger.ts';
import { openStore, type Store } from '../../src/open-store.ts';

/** The store that the service's own variables name (env_example.txt). */
export const openConfiguredStore = async (): Promise<{ store: Store; clock: SystemClock; patienceMs: number }> => {
  const config = loadConfig(process.env);
  const clock = new SystemClock();
  const store = await openStore(
    { ...config, instanceId: transferInstance(config.instanceId) },
    {
      // Standard output is the report's.
      logger: createLogger({ level: 'warn', instanceId: 'transfer' }, process.stderr),
      clock,
      telemetry: noTelemetry,
      signal: new AbortController().signal,
    },
  );
  return { store, clock, patienceMs: 3 * config.sessionTimeoutMs };
};

/** Ends with one sentence instead of a stack. */
export const run = (main: () => Promise<void>): void => {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
};
