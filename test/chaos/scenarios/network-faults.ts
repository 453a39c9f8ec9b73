import type { FaultProxy, Faults } from '../fault-proxy.ts';
import type { Scenario } from '../scenario.ts';

type Server = 'rabbitmq' | 'cassandra';

/** On the ways of all instances, for a while. */
const everywhere = (name: string, servers: readonly Server[], faults: Partial<Faults>): Scenario => ({
  name,
  isShort: false,
  run: async (stage) => {
    const proxies = stage.instances.flatMap((instance) => servers.map((server): FaultProxy => instance[server]));
    for (const proxy of proxies) proxy.set(faults);
    await stage.pause(15);
    for (const proxy of proxies) proxy.heal();
    await stage.recovered(stage.mark());
  },
});

/** One instance hears nothing of one server any more. */
const blackHole = (name: string, server: Server, seconds: number): Scenario => ({
  name,
  isShort: false,
  run: async (stage) => {
    const instance = stage.anyInstance();
    await stage.recoveredFrom(async () => {
      instance[server].set({ blackHole: true });
      await stage.pause(seconds);
      instance[server].heal();
    });
    await stage.recovered(stage.mark());
  },
});

/** Connections are reset again and again, of one instance after the other. */
const resets: Scenario = {
  name: 'resets',
  isShort: true,
  run: async (stage) => {
    for (let n = 0; n < (stage.isShort ? 6 : 20); n++) {
      const fault = stage.mark();
      stage.anyInstance()[stage.random() < 0.7 ? 'rabbitmq' : 'cassandra'].reset();
      await stage.pause(stage.random());
      await stage.recovered(fault, 'after a reset');
    }
  },
};

export const networkFaults: readonly Scenario[] = [
  everywhere('cassandra-slow', ['cassandra'], { latencyMs: 200, jitterMs: 50 }),
  everywhere('rabbitmq-slow', ['rabbitmq'], { latencyMs: 100, jitterMs: 100 }),
  everywhere('narrow-and-sliced', ['rabbitmq', 'cassandra'], { bytesPerSecond: 256_000, sliceBytes: 512 }),
  blackHole('black-hole-rabbit', 'rabbitmq', 45),
  blackHole('black-hole-cassandra', 'cassandra', 20),
  resets,
];
