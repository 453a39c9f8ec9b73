import { startActorSystem } from '../actors/kit/actor-system.ts';
import { spawnPolicyActor } from '../actors/policy/policy.actor.ts';
import { type Cell, startCell } from '../actors/shard/guardian.ts';
import { type CommandSender, SendFailed } from './application/ports/command-sender.ts';
import type { Clock } from './application/ports/system.ts';
import type { Telemetry } from './application/ports/telemetry.ts';
import { type BucketLimits, defaultBucketLimits } from './application/turn/decide-command.ts';
import { runCommand } from './application/use-cases/run-command.ts';
import { sweepRetention } from './application/use-cases/sweep-retention.ts';
import { PolicyLog } from './infrastructure/cedar/policy-log.ts';
import type { Config } from './infrastructure/config/config.ts';
import { buildApp } from './infrastructure/http/app.ts';
import { close, listen } from './infrastructure/http/server.ts';
import { randomIds } from './infrastructure/system/random-ids.ts';
import { SystemClock } from './infrastructure/system/system-clock.ts';
import type { ServiceLogger } from './infrastructure/telemetry/logger.ts';
import { startTelemetry } from './infrastructure/telemetry/start-telemetry.ts';
import { HttpUserDirectory, noUserDirectory } from './infrastructure/user-directory/http-user-directory.ts';
import { retentionTrim } from './interface-adapters/amqp/chat-commands.ts';
import { keyHash } from './interface-adapters/amqp/command-identity.ts';
import { readOutcome } from './interface-adapters/http/outcome-json.ts';
import { type Broker, openBroker } from './open-broker.ts';
import { openPolicies } from './open-policies.ts';
import { openStore, type Store } from './open-store.ts';
import { keepSweeping } from './retention-sweeper.ts';
import { tokenRulesOf } from './token-rules.ts';

export type Service = {
  readonly address: string;
  readonly metricsAddress: string;
  /** Resolves when commands are consumed; rejects when a setting makes that impossible. */
  readonly running: Promise<void>;
  /** Looks at the policy folders now. */
  reloadPolicies(): void;
  /** Finishes what was begun, hands the shards back and closes everything. Bounded in time. */
  stop(): Promise<void>;
};

const drainTimeoutMs = 10_000;
const residency = { maxChats: 2_000, idleMs: 60_000 };

/** Other than what the service always runs with, so that a test need not wait for days and a benchmark can leave out what it weighs.
 *  No setting of it: nobody should run with others. */
export type Tuning = {
  readonly clock?: Clock;
  readonly bucketLimits?: BucketLimits;
  readonly sweepEveryMs?: number;
  readonly observe?: typeof startTelemetry;
};

/** Joins everything. HTTP listens first, so that probes are answered while servers are still awaited. */
export const startService = async (
  config: Config,
  logger: ServiceLogger,
  {
    clock = new SystemClock(),
    bucketLimits = defaultBucketLimits,
    sweepEveryMs,
    observe = startTelemetry,
  }: Tuning = {},
): Promise<Service> => {
  const stopping = new AbortController();
  const auth = tokenRulesOf(config);
  const observation = await observe({
    host: config.http.host,
    port: config.metricsPort,
    instanceId: config.instanceId,
  });
  const { telemetry, tracer } = observation;
  const policies = openPolicies(config, new PolicyLog({ logger, clock, telemetry }));
  const system = startActorSystem();
  const policy = spawnPolicyActor(system, policies.engine, { clock, logger, telemetry });
  let store: Store | undefined;
  let broker: Broker | undefined;
  let cell: Cell | undefined;

  const present = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`the ${what} is not connected yet`);
    return value;
  };
  const app = buildApp({
    reader: late(() => present(store, 'store').reader),
    personal: late(() => present(store, 'store').personal),
    catalogue: late(() => present(store, 'store').catalogue),
    directory:
      config.authBackendUrl === undefined
        ? noUserDirectory
        : new HttpUserDirectory(config.authBackendUrl, clock, logger),
    clock,
    sender: lateSender(() => broker?.sender),
    policy,
    policyBook: policies.book,
    ids: randomIds,
    auth,
    corsOrigins: config.http.corsOrigins,
    trustProxy: config.http.trustProxy,
    requestsPerMinute: config.http.requestsPerMinute,
    checks: {
      store: async () => present(store, 'store').reader.ping(),
      broker: async () => present(broker, 'broker').check(),
      shards: async () => {
        const { session, shards } = present(cell, 'cell').status();
        if (session === undefined) throw new Error('no session could be begun');
        if (shards.length === 0) throw new Error('this instance holds no shard yet');
      },
    },
    logger,
    telemetry,
  });
  const address = await listen(app, config.http);

  const run = async () => {
    const opened = await openStore(config, { logger, clock, telemetry, signal: stopping.signal });
    store = opened;
    broker = await openBroker(config, {
      shardCount: store.ownership.shardCount,
      home: (chatId) => opened.reader.home(chatId),
      logger,
      clock,
      telemetry,
      signal: stopping.signal,
    });
    cell = startCell({
      system,
      ownership: store.ownership,
      consumer: broker.consumer,
      publisher: broker.publisher,
      policy,
      hashKey: keyHash,
      clock,
      logger,
      limits: bucketLimits,
      rates: config.rates,
      residency,
      telemetry,
      tracer,
    });
    watchCell(cell, store.ownership.shardCount, telemetry);
    void startSweeping(cell, store, broker.sender);
  };

  const startSweeping = (served: Cell, { catalogue, reader }: Store, sender: CommandSender): Promise<void> => {
    const { days: defaultDays, chatsPerSecond } = config.retention;
    const sweep = sweepRetention({
      catalogue,
      reader,
      runCommand: runCommand({ sender, readOutcome }),
      trimCommand: retentionTrim,
      holds: (shard) => served.status().shards.includes(shard),
      clock,
      logger,
      telemetry,
      defaultDays,
      chatsPerSecond,
    });
    const everyMs = sweepEveryMs ?? config.retention.sweepEveryMs;
    return keepSweeping({ sweep, everyMs, clock, logger, signal: stopping.signal, random: Math.random });
  };

  const running = run().catch((error) => {
    if (!stopping.signal.aborted) throw error;
  });
  return {
    address,
    metricsAddress: observation.address,
    running,
    reloadPolicies: policies.reload,
    stop: async () => {
      stopping.abort(new Error('the service is stopping'));
      await running.catch(() => {});
      // Requests under way still need the cell.
      await close(app);
      await cell?.stop(drainTimeoutMs);
      await broker?.close();
      await store?.close();
      policies.close();
      policy.stop();
      system.stop();
      await observation.stop();
    },
  };
};

const watchCell = (cell: Cell, shardCount: number, telemetry: Telemetry): void => {
  telemetry.watch('shards', () => [{ value: shardCount }]);
  telemetry.watch('shardsOwned', () => [{ value: cell.status().shards.length }]);
  telemetry.watch('residentChats', () => [{ value: cell.status().residentChats }]);
  telemetry.watch('mailbox', () => [{ value: cell.status().waiting }]);
};

/** A port of something that may still be connecting: until then every call fails as the port's calls do. */
const late = <T extends object>(port: () => T): T =>
  new Proxy({} as T, {
    get:
      (_, name) =>
      async (...args: unknown[]) => {
        const found = port();
        return (found[name as keyof T] as (...args: unknown[]) => unknown).apply(found, args);
      },
  });

const lateSender = (sender: () => CommandSender | undefined): CommandSender => ({
  send: async (command, timeoutMs, traceparent) => {
    const current = sender();
    if (current === undefined) throw new SendFailed('OVERLOADED', 'The broker is not connected yet; try again.');
    return current.send(command, timeoutMs, traceparent);
  },
});
