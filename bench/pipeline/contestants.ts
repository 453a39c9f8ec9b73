import { loadConfig } from '../../src/infrastructure/config/load-config.ts';
import type { BenchContext } from '../core/bench.ts';
import { Child } from '../core/child.ts';
import { startService } from '../core/service.ts';
import type { BenchKeyspace } from '../stores/cassandra-loader.ts';
import { benchFolder } from '../stores/sqlite-loader.ts';
import type { Contestant } from './drain.ts';
import type { ForwardOptions } from './forward-options.ts';
import { deliveryExchange, type Queues, serviceCommands } from './queues.ts';

/** The service's own default. */
export const { prefetch } = loadConfig({});
export const bodyBytes = 200;

type Writes =
  | { readonly writes: 'nothing' }
  | { readonly writes: 'all' | 'plain'; readonly cassandra: BenchKeyspace['endpoint'] }
  | { readonly writes: 'all'; readonly dataDir: string };

export const startForward = async (
  context: BenchContext,
  queues: Queues,
  name: string,
  writes: Writes,
): Promise<Contestant> => {
  const exchange = `bench.${name}`;
  const names = await queues.declareShards(exchange);
  const options: ForwardOptions = { url: queues.url, queues: names, prefetch, deliveryExchange, bodyBytes, ...writes };
  const child = new Child(context, 'bench/pipeline/forward.ts', { FORWARD: JSON.stringify(options) });
  await child.said();
  return { child, exchange };
};

export const startCassandraService = async (
  context: BenchContext,
  { url }: Queues,
  { endpoint }: BenchKeyspace,
  { script, env = {} }: { readonly script?: string; readonly env?: Record<string, string> } = {},
): Promise<Contestant> => {
  const settings = {
    RABBITMQ_URL: url,
    CASSANDRA_CONTACT_POINTS: endpoint.contactPoints.join(','),
    CASSANDRA_LOCAL_DATACENTER: endpoint.localDataCenter,
    CASSANDRA_KEYSPACE: endpoint.keyspace,
    ...env,
  };
  const { child } = await startService(context, settings, script);
  return { child, exchange: serviceCommands };
};

export const startSqliteService = async (
  context: BenchContext,
  { url }: Queues,
  dataDir = benchFolder(context),
): Promise<Contestant & { readonly dataDir: string }> => {
  const { child } = await startService(context, { RABBITMQ_URL: url, DATA_DIR: dataDir });
  return { child, exchange: serviceCommands, dataDir };
};
