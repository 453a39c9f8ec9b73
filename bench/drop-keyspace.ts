/** Drops one keyspace that a benchmark made: node bench/drop-keyspace.ts NAME */
import { connectSchema } from '../src/infrastructure/cassandra/client.ts';

const [keyspace = ''] = process.argv.slice(2);
if (!/^transfer_[0-9a-f]+$/.test(keyspace)) throw new Error(`${keyspace} was made by no benchmark`);
const client = await connectSchema({
  contactPoints: process.env.CASSANDRA_CONTACT_POINTS!.split(','),
  localDataCenter: process.env.CASSANDRA_LOCAL_DATACENTER ?? 'datacenter1',
  keyspace,
});
await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
await client.shutdown();
