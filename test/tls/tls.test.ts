import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectSchema } from '../../src/infrastructure/cassandra/client.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { cassandraPrivileges, ServersWithTls } from './servers-with-tls.ts';

describe('servers that speak TLS alone', { timeout: 60_000 }, () => {
  const servers = new ServersWithTls();
  const endpoint = (username: string, password: string) => ({
    contactPoints: [`127.0.0.1:${servers.cassandraPort}`],
    localDataCenter: 'datacenter1',
    keyspace: 'chat_messaging',
    username,
    password,
    tls: { ca: servers.pem('ca.pem'), cert: servers.pem('client.pem'), key: servers.pem('client-key.pem') },
  });
  let service: ServiceProcess | undefined;

  const rabbitmq = () => ({
    RABBITMQ_URL: `amqps://messaging@127.0.0.1:${servers.rabbitmqPort}/messaging`,
    RABBITMQ_PASSWORD_FILE: servers.file('rabbitmq-password'),
    RABBITMQ_TLS_CA_FILE: servers.file('ca.pem'),
    RABBITMQ_TLS_CERT_FILE: servers.file('client.pem'),
    RABBITMQ_TLS_KEY_FILE: servers.file('client-key.pem'),
  });
  const cassandra = () => ({
    CASSANDRA_CONTACT_POINTS: `127.0.0.1:${servers.cassandraPort}`,
    CASSANDRA_USERNAME: 'messaging',
    CASSANDRA_PASSWORD_FILE: servers.file('cassandra-password'),
    CASSANDRA_TLS_CA_FILE: servers.file('ca.pem'),
    CASSANDRA_TLS_CERT_FILE: servers.file('client.pem'),
    CASSANDRA_TLS_KEY_FILE: servers.file('client-key.pem'),
    MIGRATE: 'false',
  });

  beforeAll(async () => {
    servers.up();
    writeFileSync(servers.file('rabbitmq-password'), 'from a file\n');
    writeFileSync(servers.file('cassandra-password'), 'change-me\n');
    writeFileSync(servers.file('wrong-password'), 'wrong\n');
    const [before, after] = cassandraPrivileges();
    await until(
      'the superuser is there',
      () =>
        connectSchema(endpoint('cassandra', 'cassandra')).then(
          (client) => client.shutdown().then(() => true),
          () => false,
        ),
      60_000,
    );
    const admin = await connectSchema(endpoint('cassandra', 'cassandra'));
    for (const statement of before) await admin.execute(statement);
    const { PATH = '', HOME = '' } = process.env;
    const schema = { CASSANDRA_USERNAME: 'messaging_schema', CASSANDRA_PASSWORD: 'change-me-schema' };
    const { CASSANDRA_PASSWORD_FILE: _, ...others } = cassandra();
    const env = { PATH, HOME, ...others, ...schema, LOG_LEVEL: 'warn' };
    execFileSync(process.execPath, ['src/migrate.ts'], { env, stdio: 'inherit' });
    for (const statement of after) await admin.execute(statement);
    await admin.shutdown();
  }, 240_000);
  afterEach(async () => service?.dispose());
  afterAll(() => servers.down(), 60_000);

  it('are used with no more rights than ops/privileges gives', async () => {
    service = await ServiceProcess.at({ ...rabbitmq(), ...cassandra() });
    await service.start();
    const chat = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json.id;
    const posted = await service.ask(1, 'POST', `/v1/chats/${chat}/messages`, { body: 'in secret' });
    expect(posted.status).toBe(201);
    const edited = await service.ask(1, 'PATCH', `/v1/chats/${chat}/messages/1`, { body: 'in secret, corrected' });
    expect(edited.status).toBe(200);
    expect((await service.ask(2, 'PUT', `/v1/chats/${chat}/read-marker`, { read_seq: 1 })).status).toBe(200);
    const page = await service.ask(2, 'GET', `/v1/chats/${chat}/messages`);
    expect(page.json.items).toMatchObject([{ body: 'in secret, corrected' }]);
    expect(await service.stop()).toBe(0);
    expect(service.output).not.toMatch(/ACCESS_REFUSED|Unauthorized|in secret|change-me|from a file/);
  });

  it('may each have a name instead of its address in its certificate', async () => {
    service = await ServiceProcess.at({ ...rabbitmq(), ...cassandra(), CASSANDRA_TLS_SERVER_NAME: 'cassandra.test' });
    await service.start();
  });

  it('let the service touch nothing else', async () => {
    const client = await connectSchema(endpoint('messaging', 'change-me'));
    for (const statement of [
      'DROP TABLE chat_messaging.messages',
      'CREATE TABLE chat_messaging.mine (id int PRIMARY KEY)',
      "CREATE ROLE another WITH LOGIN = true AND PASSWORD = 'x'",
      'SELECT * FROM system_auth.roles',
    ]) {
      await expect(client.execute(statement), statement).rejects.toThrow(/has no .* permission|sufficient privileges/i);
    }
    await client.shutdown();
  });

  const other = () => servers.file('other-ca.pem');
  it.each<[string, () => Record<string, string>, RegExp]>([
    ['RabbitMQ by another CA', () => ({ ...rabbitmq(), RABBITMQ_TLS_CA_FILE: other() }), /set RABBITMQ_TLS_CA_FILE/],
    [
      'RabbitMQ under another name',
      () => ({ ...rabbitmq(), RABBITMQ_URL: rabbitmq().RABBITMQ_URL.replace('127.0.0.1', 'localhost') }),
      /is for another host/,
    ],
    [
      'RabbitMQ without our certificate',
      () => ({ ...rabbitmq(), RABBITMQ_TLS_CERT_FILE: '', RABBITMQ_TLS_KEY_FILE: '' }),
      /set RABBITMQ_TLS_CERT_FILE/,
    ],
    [
      'RabbitMQ with a certificate that it does not trust',
      () => ({
        ...rabbitmq(),
        RABBITMQ_TLS_CERT_FILE: servers.file('other-client.pem'),
        RABBITMQ_TLS_KEY_FILE: servers.file('other-client-key.pem'),
      }),
      /set RABBITMQ_TLS_CERT_FILE/,
    ],
    [
      'RabbitMQ with a wrong password',
      () => ({ ...rabbitmq(), RABBITMQ_PASSWORD_FILE: servers.file('wrong-password') }),
      /refuses the user or password/,
    ],
    [
      'Cassandra by another CA',
      () => ({ ...cassandra(), CASSANDRA_TLS_CA_FILE: other() }),
      /set CASSANDRA_TLS_CA_FILE/,
    ],
    [
      'Cassandra under another name',
      () => ({ ...cassandra(), CASSANDRA_TLS_SERVER_NAME: 'elsewhere.test' }),
      /set CASSANDRA_TLS_SERVER_NAME/,
    ],
    [
      'Cassandra without our certificate',
      () => ({ ...cassandra(), CASSANDRA_TLS_CERT_FILE: '', CASSANDRA_TLS_KEY_FILE: '' }),
      /set CASSANDRA_TLS_CERT_FILE/,
    ],
    [
      'Cassandra with a wrong password',
      () => ({ ...cassandra(), CASSANDRA_PASSWORD_FILE: servers.file('wrong-password') }),
      /check CASSANDRA_USERNAME/,
    ],
  ])('refuse to be taken for %s, in a sentence that says what to do', async (_, env, sentence) => {
    service = await ServiceProcess.at(env());
    const { code, output } = await service.refusal();
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
  });
});
