import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/service-process.ts';
import { FaultProxy } from './fault-proxy.ts';
import { Instance } from './instance.ts';
import type { Stack } from './stack.ts';

const key = 'a key for chaos, long enough for anybody';

/** Three instances of the service, each with a proxy of its own before each server: a fault hits one of them only. */
export class Cluster {
  readonly key = key;
  readonly folder: string;
  readonly instances: readonly Instance[];
  readonly #sampling: NodeJS.Timeout;

  private constructor(folder: string, instances: readonly Instance[]) {
    this.folder = folder;
    this.instances = instances;
    this.#sampling = setInterval(() => {
      for (const instance of instances) instance.sample();
    }, 500).unref();
  }

  static async of(size: number, stack: Stack): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
    const instances: Instance[] = [];
    for (let n = 1; n <= size; n++) {
      const name = `chaos-${n}`;
      const rabbitmq = await FaultProxy.before(stack.rabbitmqPort);
      const cassandra = await FaultProxy.before(stack.cassandraPort);
      const env = {
        INSTANCE_ID: name,
        HTTP_PORT: String(await freePort()),
        KEY: key,
        LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
        MIGRATE: 'false',
        DATA_DIR: join(folder, name),
        RABBITMQ_URL: stack.rabbitmqUrl(rabbitmq.port),
        ...stack.cassandraEnv(cassandra.port),
      };
      instances.push(new Instance({ name, env, logFile: join(folder, `${name}.log`), rabbitmq, cassandra }));
    }
    return new Cluster(folder, instances);
  }

  /** Everything healed, every instance started and ready. */
  async whole(): Promise<void> {
    for (const instance of this.instances) {
      instance.rabbitmq.heal();
      instance.cassandra.heal();
      instance.resume();
      instance.start();
    }
    await Promise.all(this.instances.map((instance) => instance.ready()));
  }

  /** What instances did by themselves since the last time, and the most memory that one of them held. */
  takeStock(): { misdeeds: string[]; peakMegabytes: number } {
    const misdeeds = this.instances.flatMap((instance) => instance.misdeeds.splice(0));
    const peakMegabytes = Math.max(...this.instances.map((instance) => instance.peakMegabytes));
    for (const instance of this.instances) instance.peakMegabytes = 0;
    return { misdeeds, peakMegabytes };
  }

  /** Throws away every process, without grace. */
  async close(): Promise<void> {
    clearInterval(this.#sampling);
    await Promise.all(this.instances.map((instance) => instance.kill()));
    for (const { rabbitmq, cassandra } of this.instances) {
      rabbitmq.close();
      cassandra.close();
    }
  }

  removeLogs(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
