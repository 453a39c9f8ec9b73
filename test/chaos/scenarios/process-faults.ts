import { until } from '../../support/until.ts';
import type { Scenario, Stage } from '../scenario.ts';

/** For comparison: no fault at all. */
const calm: Scenario = {
  name: 'calm',
  isShort: false,
  run: (stage) => stage.pause(15),
};

const killRandom: Scenario = {
  name: 'kill-random',
  isShort: true,
  run: async (stage) => {
    for (let n = 0; n < (stage.isShort ? 1 : 4); n++) {
      const instance = stage.anyInstance();
      await stage.recoveredFrom(() => instance.kill(), 'after the kill');
      instance.start();
      await instance.ready();
      await stage.pause(1 + 2 * stage.random());
    }
  },
};

const killRestart: Scenario = {
  name: 'kill-restart',
  isShort: true,
  run: async (stage) => {
    for (let n = 0; n < (stage.isShort ? 1 : 6); n++) {
      await stage.restarted(stage.anyInstance());
      await stage.pause(1 + stage.random());
    }
  },
};

const killAll: Scenario = {
  name: 'kill-all',
  isShort: false,
  run: async (stage) => {
    for (let n = 0; n < 3; n++) {
      await stage.recoveredFrom(async () => {
        await Promise.all(stage.instances.map((instance) => instance.kill()));
        for (const instance of stage.instances) instance.start();
      }, 'after the kill of all, restarted at once');
      await stage.pause(1 + stage.random());
    }
  },
};

/** Others fence it after the session's time-out; its place at the broker it keeps until heartbeats are missed, or it wakes. That it was
 *  fenced, and has noticed, is part of the scenario, or it would have shown nothing. */
const frozenFor = (name: string, isShort: boolean, seconds: number): Scenario => ({
  name,
  isShort,
  run: async (stage) => {
    const frozen = stage.anyInstance();
    const others = stage.instances.filter((instance) => instance !== frozen);
    const noticed = frozen.willLog('the session is lost');
    const fenced = others.map((other) => other.willLog(`"instance":"${frozen.name}","msg":"session fenced"`));
    await stage.recoveredFrom(async () => {
      frozen.freeze();
      await stage.pause(seconds);
      frozen.resume();
    }, 'after the stop');
    await stage.recovered(stage.mark(), 'after it went on');
    await until(`${frozen.name} was fenced while it was stopped`, () => fenced.some((isLogged) => isLogged()));
    await until(`${frozen.name} has noticed that it was fenced`, noticed);
  },
});

const rolling: Scenario = {
  name: 'rolling',
  isShort: true,
  run: async (stage) => {
    for (const instance of stage.instances) {
      await stage.handedOver(async () => {
        await instance.terminate();
        instance.start();
        await instance.ready();
        await stage.pause(2);
      });
    }
  },
};

const sigterm: Scenario = {
  name: 'sigterm',
  isShort: false,
  run: async (stage) => {
    for (let n = 0; n < 3; n++) {
      const instance = stage.anyInstance();
      await stage.handedOver(() => instance.terminate());
      await stage.pause(2);
      await stage.handedOver(async () => {
        instance.start();
        await instance.ready();
        await stage.pause(4);
      });
    }
  },
};

/** Killed whenever it has just begun to serve, with more waiting than its prefetch windows hold. */
const crashLoop: Scenario = {
  name: 'crash-loop',
  isShort: false,
  run: async (stage) => {
    const instance = stage.anyInstance();
    for (let n = 0; n < 10; n++) {
      stage.producer.burst(10_500);
      await stage.pause(2);
      await instance.kill();
      instance.start();
    }
    await instance.ready();
    await stage.recovered(stage.mark());
  },
};

/** One instance's wall clock is wrong, in one direction and then in the other, while chats move to it and away. */
const clock: Scenario = {
  name: 'clock',
  isShort: false,
  run: async (stage) => {
    const instance = stage.anyInstance();
    for (const offsetMs of [5_000, -5_000]) await withClock(stage, instance, offsetMs);
    await stage.handedOver(async () => {
      await instance.terminate();
      instance.start();
      await instance.ready();
    });
  },
};

const withClock = async (stage: Stage, instance: Stage['instances'][number], offsetMs: number): Promise<void> => {
  const preload = new URL('../clock-shift.ts', import.meta.url).href;
  await stage.handedOver(async () => {
    await instance.terminate();
    instance.start({ NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT_MS: String(offsetMs) });
    await instance.ready();
  });
  await stage.pause(4);
  await stage.recoveredFrom(() => instance.kill(), 'after the kill');
};

export const processFaults: readonly Scenario[] = [
  calm,
  killRandom,
  killRestart,
  killAll,
  frozenFor('stop-cont', true, 9),
  frozenFor('stop-cont-long', false, 45),
  rolling,
  sigterm,
  crashLoop,
  clock,
];
