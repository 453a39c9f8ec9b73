import { readFileSync } from 'node:fs';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers';
import type { Servers } from './servers.ts';

const repository = new URL('../../', import.meta.url);

/** The tests run on what `docker compose up` runs on. */
export const imageOf = (service: string): string => {
  const compose = readFileSync(new URL('docker-compose.yaml', repository), 'utf8');
  const image = new RegExp(`^  ${service}:\\n    image: (\\S+)$`, 'm').exec(compose)?.[1];
  if (image === undefined) throw new Error(`docker-compose.yaml names no image for ${service}.`);
  return image;
};

export const dockerAnswers = (): Promise<boolean> =>
  getContainerRuntimeClient().then(
    () => true,
    () => false,
  );

const startupTimeoutMs = 300_000;

const startRabbitmq = (): Promise<StartedTestContainer> =>
  new GenericContainer(imageOf('rabbitmq'))
    .withCopyFilesToContainer([
      {
        source: new URL('ops/docker/enabled_plugins', repository).pathname,
        target: '/etc/rabbitmq/enabled_plugins',
        mode: 0o644,
      },
    ])
    .withEnvironment({ RABBITMQ_DEFAULT_USER: 'guest', RABBITMQ_DEFAULT_PASS: 'guest' })
    .withExposedPorts(5672)
    .withStartupTimeout(startupTimeoutMs)
    .start();

const cassandraOptions = [
  // A single node has nobody to wait for.
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.ring_delay_ms=0',
  '-Dcassandra.config.allow_system_properties=true',
  '-Dcassandra.settings.paxos_variant=v2',
  // DROP deletes at once.
  '-Dcassandra.settings.auto_snapshot=false',
];

const startCassandra = (): Promise<StartedTestContainer> =>
  new GenericContainer(imageOf('cassandra'))
    .withEnvironment({
      MAX_HEAP_SIZE: '1G',
      HEAP_NEWSIZE: '200M',
      JVM_EXTRA_OPTS: cassandraOptions.join(' '),
    })
    .withExposedPorts(9042)
    .withStartupTimeout(startupTimeoutMs)
    .start();

/** RabbitMQ with its plugin, and Cassandra, on free ports. What the caller does not stop goes with this process (testcontainers'
 *  reaper); rejects when one of them does not come up, and leaves none of them. */
export const startDockerServers = async (): Promise<{ servers: Servers; stop(): Promise<void> }> => {
  const starts = await Promise.allSettled([startRabbitmq(), startCassandra()]);
  const stop = async () => {
    await Promise.all(starts.map((start) => (start.status === 'fulfilled' ? start.value.stop() : undefined)));
  };
  const [rabbitmq, cassandra] = starts;
  if (rabbitmq.status === 'fulfilled' && cassandra.status === 'fulfilled') {
    const servers = {
      RABBITMQ_URL: `amqp://guest:guest@${addressOf(rabbitmq.value, 5672)}`,
      CASSANDRA_CONTACT_POINTS: addressOf(cassandra.value, 9042),
      CASSANDRA_LOCAL_DATACENTER: 'datacenter1',
    };
    return { servers, stop };
  }
  await stop();
  const reasons = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason] : []));
  throw new AggregateError(reasons, `The containers did not come up: ${reasons.map(String).join('; ')}`);
};

/** By number: `localhost` may be ::1 first, where no port is published. */
const addressOf = (container: StartedTestContainer, port: number): string =>
  `${container.getHost().replace(/^localhost$/, '127.0.0.1')}:${container.getMappedPort(port)}`;
