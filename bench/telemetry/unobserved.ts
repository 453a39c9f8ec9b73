/** The service of src/main.ts with nothing that counts, times or traces. Not to be run but by the benchmark `telemetry`. */
import { noTelemetry } from '../../src/application/ports/telemetry.ts';
import { noTracer } from '../../src/application/ports/tracer.ts';
import { startService } from '../../src/composition-root.ts';
import { loadConfig } from '../../src/infrastructure/config/load-config.ts';
import { createLogger } from '../../src/infrastructure/telemetry/logger.ts';
import { dieOnDefects, stopOnSignals } from '../../src/lifecycle.ts';

const config = loadConfig(process.env);
const logger = createLogger({ level: config.logLevel, instanceId: config.instanceId });
dieOnDefects(logger);
const service = await startService(config, logger, {
  observe: async () => ({ telemetry: noTelemetry, tracer: noTracer, address: 'nowhere', stop: async () => {} }),
});
stopOnSignals(service, logger);
await service.running;
