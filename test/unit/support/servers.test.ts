import { describe, expect, it } from 'vitest';
import { imageOf } from '../../support/docker-servers.ts';
import { parseExports } from '../../support/local-stack.ts';
import { chooseServers } from '../../support/servers.ts';

const named = { RABBITMQ_URL: 'amqp://a', CASSANDRA_CONTACT_POINTS: 'b:1' };
const servers = { ...named, CASSANDRA_LOCAL_DATACENTER: 'datacenter1' };

describe('the servers of the tests', () => {
  it('are those of the environment when it names both, else containers or the local stack', () => {
    expect(chooseServers(named)).toEqual({ from: 'env', servers });
    expect(chooseServers({ RABBITMQ_URL: 'amqp://a' })).toEqual({ from: 'docker or local' });
    expect(chooseServers({ ...named, TEST_SERVERS: 'local' })).toEqual({ from: 'local' });
    expect(chooseServers({ ...named, TEST_SERVERS: 'docker' })).toEqual({ from: 'docker' });
  });

  it('are refused with a sentence when there are none', () => {
    expect(() => chooseServers({ ...named, TEST_SERVERS: 'none' })).toThrow(/TEST_SERVERS is none/);
    expect(() => chooseServers({ TEST_SERVERS: 'env' })).toThrow(/not both set/);
    expect(() => chooseServers({ TEST_SERVERS: 'lokal' })).toThrow(/may be auto, env, docker, local or none/);
  });

  it('are in containers of the images that docker-compose.yaml names', () => {
    expect(imageOf('rabbitmq')).toMatch(/^rabbitmq:4\b/);
    expect(imageOf('cassandra')).toMatch(/^cassandra:5\b/);
    expect(() => imageOf('kafka')).toThrow(/names no image for kafka/);
  });

  it('are read from what the local stack prints', () => {
    expect(parseExports('export A=amqp://g:g@h:1\nexport B=x:1,y:2\n')).toEqual({ A: 'amqp://g:g@h:1', B: 'x:1,y:2' });
  });
});
