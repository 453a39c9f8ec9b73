import { chatIdAt } from '../../../bench/load.ts';
import { publishPoison } from '../dead-letters.ts';
import type { Instance } from '../instance.ts';
import { type Boundary, boundaries } from '../kill-boundaries.ts';
import type { Scenario, Stage } from '../scenario.ts';

const reachedWithinMs = 20_000;
const attempts = 3;

/** Longer than any start takes on a busy machine. */
const patience = { SESSION_TIMEOUT_MS: '60000' };

/** One instance is killed at every boundary between two steps, in turn, and finds every time what its last life has left behind: the
 *  others are patient, and do not take over. */
export const killAtSteps: Scenario = {
  name: 'kill-at-steps',
  isShort: true,
  run: async (stage) => {
    const instance = stage.anyInstance();
    const others = stage.instances.filter((other) => other !== instance);
    await restartAll(others, patience);
    try {
      for (const boundary of boundaries.filter(({ isShort }) => isShort || !stage.isShort))
        await killedAt(boundary, stage, instance);
    } finally {
      await restartAll([...others, instance]);
    }
    await stage.recovered(stage.mark(), 'after everything was restarted');
  },
};

const restartAll = async (instances: readonly Instance[], added = {}): Promise<void> => {
  await Promise.all(instances.map((instance) => instance.kill()));
  for (const instance of instances) instance.start(added);
  await Promise.all(instances.map((instance) => instance.ready()));
};

/** It must be there that it dies, or the scenario has shown nothing. */
const killedAt = async (boundary: Boundary, stage: Stage, instance: Instance): Promise<void> => {
  for (let attempt = 1; attempt <= attempts; attempt++)
    if (await walk[boundary.during](boundary, stage, instance)) return;
  throw new Error(`${instance.name} never came to be killed ${boundary.name}`);
};

const walk: Record<Boundary['during'], (boundary: Boundary, stage: Stage, instance: Instance) => Promise<boolean>> = {
  serving: async (boundary, stage, instance) => {
    await instance.kill();
    instance.startDoomed(boundary, 1 + Math.floor(8 * stage.random()));
    const isKilled = instance.killsItself(reachedWithinMs);
    if (boundary.step === 'dead letter') await poisonManyShards(stage);
    return isKilled;
  },
  /** It takes over from its own former life, which has left something undone. */
  taking: async (boundary, stage, instance) => {
    instance.start();
    await instance.ready();
    stage.producer.burst(500);
    await stage.pause(0.3 + 0.2 * stage.random());
    await instance.kill();
    instance.startDoomed(boundary, boundary.step === 'event again' ? 2 : 1);
    return instance.killsItself(reachedWithinMs);
  },
  leaving: async (boundary, _, instance) => {
    await instance.kill();
    instance.startDoomed(boundary, 1);
    await instance.ready();
    return (await instance.terminate()) === 'SIGKILL';
  },
};

const poisonManyShards = async (stage: Stage): Promise<void> => {
  const { load } = stage.producer;
  for (let chat = 0; chat < Math.min(load.chats, 12); chat++) {
    const prefix = `poison-${load.run}-${chat}-${stage.poison.length}`;
    stage.poison.push(...(await publishPoison(stage.stack.rabbitmqUrl(), chatIdAt(load, chat), prefix)));
  }
};

/** While one instance takes over from a killed one, it is killed too, in the middle of announcing; a third has to finish both. */
export const killTaker: Scenario = {
  name: 'kill-taker',
  isShort: false,
  run: async (stage) => {
    const announcing = boundaries.find(({ step }) => step === 'event again')!;
    const [victim, taker] = stage.instances as [Instance, Instance];
    for (let attempt = 1; ; attempt++) {
      // Without a former life of its own, it has only the other one's to announce.
      await taker.terminate();
      taker.startDoomed(announcing, 2);
      stage.producer.burst(500);
      await stage.pause(0.3 + 0.2 * stage.random());
      const fault = stage.mark();
      await victim.kill();
      const isKilled = await taker.killsItself(reachedWithinMs);
      await stage.recovered(fault, 'after the first kill');
      await taker.kill();
      for (const instance of [victim, taker]) instance.start();
      await Promise.all([victim.ready(), taker.ready()]);
      await stage.pause(4);
      if (isKilled) return;
      if (attempt === attempts) throw new Error(`${taker.name} never came to announce anything of ${victim.name}`);
    }
  },
};
