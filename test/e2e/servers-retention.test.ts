import { randomBytes } from 'node:crypto';
import { servers } from '../support/servers.ts';
import { retentionSuite } from './retention.suite.ts';

retentionSuite('RabbitMQ and Cassandra', () => ({
  ...servers(),
  CASSANDRA_KEYSPACE: keyspace,
  DATABASE_QUEUE_NAME: `database.${keyspace}`,
}));

const keyspace = `e2e_${randomBytes(6).toString('hex')}`;
