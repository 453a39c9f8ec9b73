/** Where the tests' RabbitMQ and Cassandra are: the service's own variables (env_example.txt). */
export type Servers = {
  readonly RABBITMQ_URL: string;
  readonly CASSANDRA_CONTACT_POINTS: string;
  readonly CASSANDRA_LOCAL_DATACENTER: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** For tests of the project `servers`, whose set-up has put them into the environment. */
export const servers = (): Servers => {
  const found = serversIn(process.env);
  if (found === undefined) throw new Error(`${missing}: run these tests with \`npm run test:servers\`.`);
  return found;
};

const missing = 'RABBITMQ_URL and CASSANDRA_CONTACT_POINTS are not both set';

export const serversIn = (env: Environment): Servers | undefined => {
  const { RABBITMQ_URL, CASSANDRA_CONTACT_POINTS, CASSANDRA_LOCAL_DATACENTER = 'datacenter1' } = env;
  if (!RABBITMQ_URL || !CASSANDRA_CONTACT_POINTS) return undefined;
  return { RABBITMQ_URL, CASSANDRA_CONTACT_POINTS, CASSANDRA_LOCAL_DATACENTER };
};

export type Choice =
  | { from: 'env'; servers: Servers }
  | { from: 'docker' }
  | { from: 'local' }
  | { from: 'docker or local' };

/** TEST_SERVERS: `env` takes what the environment names, `docker` containers, `local` the local stack, `auto` (the default) the
 *  first of them that there is. Throws a sentence when there are to be none. */
export const chooseServers = (env: Environment): Choice => {
  const choice = env.TEST_SERVERS || 'auto';
  const named = serversIn(env);
  switch (choice) {
    case 'auto':
      return named === undefined ? { from: 'docker or local' } : { from: 'env', servers: named };
    case 'docker':
    case 'local':
      return { from: choice };
    case 'env':
      if (named === undefined) throw new Error(`TEST_SERVERS is env, and ${missing}.`);
      return { from: 'env', servers: named };
    case 'none':
      throw new Error('TEST_SERVERS is none: these tests need RabbitMQ and Cassandra and cannot run.');
    default:
      throw new Error(`TEST_SERVERS is ${choice}; it may be auto, env, docker, local or none.`);
  }
};
