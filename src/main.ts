import { startService } from './composition-root.ts';
import { userId } from './domain/ids.ts';
import { redacted } from './infrastructure/config/config.ts';
import { loadConfig } from './infrastructure/config/load-config.ts';
import { issueToken } from './infrastructure/http/issue-token.ts';
import { createLogger } from './infrastructure/telemetry/logger.ts';
import { dieOnDefects, reloadOnHangup, stopOnSignals } from './lifecycle.ts';
import { tokenRulesOf } from './token-rules.ts';

/** What cannot be mended by waiting ends the process with one sentence. */
const refuse = (error: unknown): never => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
};

const dayInSeconds = 24 * 3600;

const main = async () => {
  const config = loadConfig(process.env);
  const logger = createLogger({ level: config.logLevel, instanceId: config.instanceId });
  dieOnDefects(logger);
  logger.info({ config: redacted(config) }, 'starting');
  const service = await startService(config, logger);
  stopOnSignals(service, logger);
  reloadOnHangup(service, logger);
  await service.running;
  logger.info({ address: service.address, metrics: service.metricsAddress }, 'serving');
  const { keys, algorithm, ...claims } = tokenRulesOf(config);
  if (config.auth.key !== undefined || !('shared' in keys)) return;
  const token = await issueToken(keys.shared, userId('1'), dayInSeconds, algorithm, claims);
  console.log(`
chat-messaging serves ${service.address} (documentation at ${service.address}/docs).
A token of user 1 for today, made with the development key in ${config.dataDir}:

export TOKEN=${token}
`);
};

main().catch(refuse);
