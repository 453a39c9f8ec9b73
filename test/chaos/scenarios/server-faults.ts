import { chatIdAt } from '../../../bench/load.ts';
import { publishPoison } from '../dead-letters.ts';
import type { Scenario, Stage } from '../scenario.ts';
import type { StackServer } from '../stack.ts';

const restarted = (name: string, isShort: boolean, server: StackServer, signal: 'SIGTERM' | 'SIGKILL'): Scenario => ({
  name,
  isShort,
  run: async (stage) => {
    await stage.stack.end(server, signal);
    await stage.pause(1);
    await stage.stack.start();
    await stage.recovered(stage.mark(), 'after the server answers again');
  },
});

const cassandraAway = (name: string, isShort: boolean, seconds: number): Scenario => ({
  name,
  isShort,
  run: async (stage) => {
    for (const { cassandra } of stage.instances) cassandra.set({ blackHole: true });
    await stage.pause(seconds);
    for (const { cassandra } of stage.instances) cassandra.heal();
    await stage.recovered(stage.mark());
  },
});

const memoryAlarm: Scenario = {
  name: 'memory-alarm',
  isShort: false,
  run: async (stage) => {
    await stage.stack.rabbitmqctl('set_vm_memory_high_watermark', '0.00001');
    await stage.pause(8);
    await stage.stack.rabbitmqctl('set_vm_memory_high_watermark', '0.4');
    await stage.recovered(stage.mark());
  },
};

const missingBinding: Scenario = {
  name: 'missing-binding',
  isShort: true,
  mayHaveGaps: true,
  run: async (stage) => {
    await stage.events.unbind();
    await stage.pause(3);
    await stage.events.bind();
    await stage.recovered(stage.mark());
  },
};

const poison: Scenario = {
  name: 'poison',
  isShort: true,
  run: async (stage) => {
    const { load } = stage.producer;
    for (let n = 0; n < (stage.isShort ? 4 : 10); n++) {
      const chatId = chatIdAt(load, Math.floor(stage.random() * load.chats));
      const fault = stage.mark();
      stage.poison.push(...(await publishPoison(stage.stack.rabbitmqUrl(), chatId, `poison-${load.run}-${n}`)));
      if (n === 2) await killAndStart(stage);
      await stage.recovered(fault, 'after the poison');
    }
  },
};

const killAndStart = async (stage: Stage): Promise<void> => {
  const instance = stage.anyInstance();
  await instance.kill();
  instance.start();
};

export const serverFaults: readonly Scenario[] = [
  restarted('broker-restart-clean', false, 'rabbitmq', 'SIGTERM'),
  restarted('broker-kill', true, 'rabbitmq', 'SIGKILL'),
  restarted('cassandra-restart', false, 'cassandra', 'SIGTERM'),
  cassandraAway('cassandra-away-10', true, 10),
  cassandraAway('cassandra-away-60', false, 60),
  memoryAlarm,
  missingBinding,
  poison,
];
