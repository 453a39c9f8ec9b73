import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort, ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { serviceSuite } from './service.suite.ts';

serviceSuite('the embedded default', () => ({}));

describe('a start that cannot succeed', { timeout: 60_000 }, () => {
  let service: ServiceProcess;
  afterEach(() => service.dispose());

  const refusal = async (env: Record<string, string>) => {
    service = await ServiceProcess.at(env);
    const { code, output } = await service.refusal();
    expect(code).toBe(1);
    expect(output).not.toMatch(/^ +at /m);
    return output;
  };

  it('says that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await refusal({ HTTP_PORT: String(port) })).toContain(`Port ${port} is taken`);
    other.close();
  });

  it('says that the data folder cannot be used', async () => {
    service = await ServiceProcess.at();
    const file = join(service.env.DATA_DIR!, 'a-file');
    writeFileSync(file, '');
    expect(await refusal({ DATA_DIR: join(file, 'data') })).toMatch(/DATA_DIR/);
  });

  it('says that another process has the data folder', async () => {
    const first = await ServiceProcess.at();
    await first.start();
    expect(await refusal({ DATA_DIR: first.env.DATA_DIR! })).toMatch(/in use by another process/);
    await first.dispose();
  });

  it('lists every wrong variable at once', async () => {
    const output = await refusal({ HTTP_PORT: 'eighty', SHARDS: '-1', RABBITMQ_URL: 'http://secret:secret@host' });
    for (const name of ['HTTP_PORT', 'SHARDS', 'RABBITMQ_URL']) expect(output).toContain(name);
    expect(output).not.toContain('secret');
  });

  it('says which policy file is broken', async () => {
    service = await ServiceProcess.at();
    writeFileSync(join(service.env.DATA_DIR!, 'broken.cedar'), 'permit everything;');
    expect(await refusal({ POLICY_DIR: service.env.DATA_DIR! })).toMatch(/schema|broken\.cedar/);
  });

  it.each([
    ['RABBITMQ_URL', 'broker', (port: number) => `amqp://guest:guest@127.0.0.1:${port}`],
    ['CASSANDRA_CONTACT_POINTS', 'store', (port: number) => `127.0.0.1:${port}`],
  ])('waits for a server that is not there yet (%s), and says so', async (variable, dependency, value) => {
    service = await ServiceProcess.at({ [variable]: value(await freePort()) });
    service.spawn();
    await until(
      'it answers and is not ready',
      async () => {
        const readiness = await service.readiness();
        return readiness?.status === 503 && readiness.json.checks[dependency].status === 'down';
      },
      20_000,
    );
    expect(await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).toMatchObject({
      status: 503,
    });
    await until('it says what it waits for', () => service.output.includes('127.0.0.1'), 20_000);
    expect(await service.stop()).toBe(0);
  });
});
