import type { Scenario, Stage } from '../scenario.ts';

const killRandom: Scenario = {
  name: 'kill-random',
  isShort: true,
  run: async (stage) => {
    for (let n = 0; n < (stage.isShort ? 2 : 4); n++) {
      const instance = stage.anyInstance();
      await stage.recoveredFrom(() => instance.kill());
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
    for (let n = 0; n < (stage.isShort ? 2 : 6); n++) {
      const instance = stage.anyInstance();
      await stage.recoveredFrom(async () => {
        await instance.kill();
        instance.start();
        await instance.ready();
      });
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
      });
      await stage.pause(1 + stage.random());
    }
  },
};

/** Others fence it after the session's time-out; its place at the broker it keeps until heartbeats are missed, or it wakes. */
const frozenFor = (name: string, isShort: boolean, seconds: number): Scenario => ({
  name,
  isShort,
  run: async (stage) => {
    const instance = stage.anyInstance();
    await stage.recoveredFrom(async () => {
      instance.freeze();
      await stage.pause(seconds);
      instance.resume();
    });
    await stage.recovered(stage.mark());
  },
});

const rolling: Scenario = {
  name: 'rolling',
  isShort: true,
  run: async (stage) => {
    for (const instance of stage.instances) {
      await stage.recoveredFrom(async () => {
        await instance.terminate();
        instance.start();
        await instance.ready();
      });
      await stage.pause(2);
    }
  },
};

/** Recovery: from the signal until the others serve everything. */
const sigterm: Scenario = {
  name: 'sigterm',
  isShort: false,
  run: async (stage) => {
    for (let n = 0; n < 3; n++) {
      const instance = stage.anyInstance();
      await stage.recoveredFrom(() => instance.terminate());
      await stage.pause(2);
      instance.start();
      await instance.ready();
      await stage.pause(4);
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
      stage.producer.burst(4_000);
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
    await stage.recoveredFrom(async () => {
      await instance.terminate();
      instance.start();
    });
  },
};

const withClock = async (stage: Stage, instance: Stage['instances'][number], offsetMs: number): Promise<void> => {
  const preload = new URL('../clock-shift.ts', import.meta.url).href;
  await stage.recoveredFrom(async () => {
    await instance.terminate();
    instance.start({ NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT_MS: String(offsetMs) });
    await instance.ready();
  });
  await stage.pause(4);
  await stage.recoveredFrom(() => instance.kill());
};

export const processFaults: readonly Scenario[] = [
  killRandom,
  killRestart,
  killAll,
  frozenFor('stop-cont', true, 10),
  frozenFor('stop-cont-long', false, 45),
  rolling,
  sigterm,
  crashLoop,
  clock,
];
