import { loadConfig } from './infrastructure/config/load-config.ts';
import { createLogger } from './infrastructure/telemetry/logger.ts';
import { migrate } from './open-store.ts';

/** `npm run migrate`: applies what the store lacks of `cql/`, and ends. */
const main = async () => {
  const config = loadConfig(process.env);
  if (config.cassandra === undefined) {
    console.log(
      'CASSANDRA_CONTACT_POINTS is not set: SQLite brings its own tables up to date when the service starts.',
    );
    return;
  }
  const logger = createLogger({ level: config.logLevel, instanceId: config.instanceId });
  await migrate(config, logger);
  console.log(`The tables of keyspace ${config.cassandra.keyspace} are up to date.`);
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
