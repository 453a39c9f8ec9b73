import { setImmediate as macrotask } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ActorSystem, startActorSystem } from '../../actors/kit/actor-system.ts';
import { BatchActor } from '../../actors/kit/batch-actor.ts';
import { isCollected } from '../support/collected.ts';
import { actorsOf, killActors } from '../support/kill-actors.ts';
import { until } from '../support/until.ts';

type Item = { readonly n: number; dead: boolean };

/** An actor whose handler ends when the test says so, with as many handled as it says. */
const start = (system: ActorSystem, maxBatch: number, gathers = false) => {
  const given: (readonly Item[])[] = [];
  let end: ((count: number) => void) | undefined;
  const handled: number[] = [];
  const actor = new BatchActor<Item>(system, 'test', {
    maxBatch,
    gathers,
    handle: async (batch) => {
      given.push(batch);
      const count = await new Promise<number>((resolve) => {
        end = resolve;
      });
      for (const { n, dead } of batch.slice(0, count)) if (!dead) handled.push(n);
      return count;
    },
    crashed: () => 0,
    isDead: ({ dead }) => dead,
  });
  return {
    actor,
    given,
    handled,
    get working() {
      return end !== undefined;
    },
    finish(share: number) {
      const finish = end;
      end = undefined;
      finish?.(Math.max(1, Math.ceil(given.at(-1)!.length * share)));
    },
  };
};

describe('an actor that takes what waits', () => {
  let system: ActorSystem;
  beforeAll(() => {
    system = startActorSystem();
  });
  afterAll(() => system.stop());

  it('takes no more than its limit at a time', async () => {
    const { actor, given } = start(system, 64);
    for (let n = 0; n < 200; n++) actor.tell({ n, dead: false });
    await until('it works', () => given.length === 1);
    expect(given[0]!.map(({ n }) => n)).toEqual(Array.from({ length: 64 }, (_, n) => n));
    expect(actor.waiting).toBe(200);
  });

  it('handles in the pass of the event loop in which it is told, unless that is a busy one', async () => {
    const own = startActorSystem({ busyPass: 4 });
    const handled: string[] = [];
    const actorOf = (name: string) =>
      new BatchActor<number>(own, name, {
        maxBatch: 64,
        handle: ({ length }) => {
          handled.push(`${name} ${length}`);
          return length;
        },
        crashed: () => 0,
      });
    const [calm, crowd, late] = [actorOf('calm'), actorOf('crowd'), actorOf('late')];
    calm.tell(1);
    calm.tell(2);
    const passed = macrotask().then(() => handled.push('passed'));
    await Promise.resolve();
    expect(handled).toEqual(['calm 2']);
    for (let n = 0; n < 3; n++) crowd.tell(n);
    await Promise.resolve();
    expect(handled).toEqual(['calm 2', 'crowd 3']);
    late.tell(1);
    await Promise.resolve();
    late.tell(2);
    await passed;
    await until('all is handled', () => handled.length === 4);
    expect(handled).toEqual(['calm 2', 'crowd 3', 'passed', 'late 2']);
    for (let pass = 0; pass < 3; pass++) await macrotask();
    calm.tell(1);
    await Promise.resolve();
    expect(handled.at(-1)).toBe('calm 1');
    own.stop();
  });

  it('gathers until the busy passes are over, until they have been too many, or until it has all it takes at a time', async () => {
    const own = startActorSystem({ busyPass: 4, longestGathering: 8 });
    const handled: string[] = [];
    const actorOf = (name: string, maxBatch: number, gathers: boolean) =>
      new BatchActor<number>(own, name, {
        maxBatch,
        gathers,
        handle: ({ length }) => {
          if (name !== 'crowd') handled.push(`${name} ${length}`);
          return length;
        },
        crashed: () => 0,
      });
    const crowd = actorOf('crowd', 64, false);
    const busyPasses = async (count: number, ...actors: BatchActor<number>[]) => {
      for (let pass = 0; pass < count; pass++) {
        for (let n = 0; n < 5; n++) crowd.tell(n);
        for (const actor of actors) actor.tell(pass);
        await macrotask();
      }
    };
    const calmPasses = async () => {
      for (let pass = 0; pass < 5; pass++) await macrotask();
    };
    const [some, full, ticks] = [actorOf('some', 64, true), actorOf('full', 3, true), actorOf('ticks', 64, false)];
    await busyPasses(4, some, ticks);
    expect(new Set(handled)).toEqual(new Set(['ticks 1']));
    handled.length = 0;
    await calmPasses();
    expect(handled).toContain('some 4');
    handled.length = 0;
    await busyPasses(30, some);
    // One in each of eight passes, and of those that the tick takes.
    expect(handled.length).toBeGreaterThanOrEqual(2);
    for (const each of handled) expect(['some 8', 'some 9', 'some 10']).toContain(each);
    await calmPasses();
    handled.length = 0;
    await busyPasses(5, full);
    expect(handled).toEqual(['full 3']);
    await calmPasses();
    expect(handled).toEqual(['full 3', 'full 2']);
    own.stop();
  });

  it('handles each message once when it has ticked with a whole batch, and what it waited for comes later', async () => {
    for (let calmPasses = 0; calmPasses < 6; calmPasses++) {
      const own = startActorSystem({ busyPass: 2, longestGathering: 50 });
      const run = start(own, 3, true);
      const crowd = start(own, 64);
      for (let n = 0; n < 5; n++) crowd.actor.tell({ n, dead: false });
      for (let n = 0; n < 3; n++) run.actor.tell({ n, dead: false });
      await until('it works', () => run.working);
      run.finish(1);
      for (let pass = 0; pass < calmPasses; pass++) await macrotask();
      run.actor.tell({ n: 3, dead: false });
      for (let pass = 0; pass < 6; pass++) await macrotask();
      expect(run.given.map(({ length }) => length)).toEqual([3, 1]);
      run.finish(1);
      await until('it is done', () => !run.actor.busy);
      expect(run.handled).toEqual([0, 1, 2, 3]);
      own.stop();
    }
  });

  it('lets go of what is handled, also when more always waits', async () => {
    let handled = 0;
    const actor = new BatchActor<object>(system, 'test', {
      maxBatch: 1,
      handle: () => (handled++ === 0 ? 1 : new Promise<number>(() => {})),
      crashed: () => 0,
    });
    const tell = () => {
      const message = {};
      actor.tell(message);
      actor.tell({});
      return new WeakRef(message);
    };
    const first = tell();
    await until('the next one is in hand', () => handled === 2);
    expect(await isCollected(first)).toBe(true);
    expect(actor.waiting).toBe(1);
  });

  it('lets the dead go while it grows, and touches nothing that is being handled', async () => {
    const test = start(system, 64);
    const items: Item[] = [];
    for (let wave = 0; wave < 50; wave++) {
      for (const item of items) item.dead = true;
      for (let n = 0; n < 256; n++) {
        items.push({ n: wave * 256 + n, dead: false });
        test.actor.tell(items.at(-1)!);
      }
      await macrotask();
      expect(test.actor.waiting).toBeLessThanOrEqual(2 * 256 + 2 * 64);
    }
    expect(test.given).toHaveLength(1);
    await until('all is handled', () => {
      test.finish(1);
      return test.actor.waiting === 0;
    });
    expect(test.handled).toEqual(Array.from({ length: 256 }, (_, n) => 49 * 256 + n));
  });

  it('is not called for nothing when all that waited is dead', async () => {
    const { actor, given } = start(system, 64);
    for (let n = 0; n < 256; n++) actor.tell({ n, dead: true });
    await until('it rests', () => !actor.busy);
    expect([given, actor.waiting]).toEqual([[], 0]);
    actor.tell({ n: 256, dead: false });
    await until('it works', () => given.length === 1);
  });

  it('handles every living one once, in order, whatever is told, dies and is handled in between', async () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('tell' as const), count: fc.integer({ min: 1, max: 300 }) }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'die' as const }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('finish' as const),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const test = start(system, 16);
        const items: Item[] = [];
        for (const action of steps) {
          if (action.kind === 'tell')
            for (let i = 0; i < action.count; i++) {
              items.push({ n: items.length, dead: false });
              test.actor.tell(items.at(-1)!);
            }
          else if (action.kind === 'die') for (const item of items) item.dead = true;
          else test.finish(action.share);
          await macrotask();
        }
        while (test.actor.busy) {
          test.finish(1);
          await macrotask();
        }
        const living = items.filter(({ dead }) => !dead).map(({ n }) => n);
        expect(test.handled.filter((n) => !items[n]!.dead)).toEqual(living);
        expect(new Set(test.handled).size).toBe(test.handled.length);
        expect(test.actor.waiting).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('takes up none of nact’s actors before its first tick and while it rests', async () => {
    const own = startActorSystem({ busyPass: 0 });
    const run = start(own, 4);
    expect(actorsOf(own)).toHaveLength(0);
    for (let n = 0; n < 3; n++) {
      run.actor.tell({ n, dead: false });
      run.actor.rest(); // not while it is busy
      expect(actorsOf(own)).toHaveLength(1);
      await until('it works', () => run.working);
      run.finish(1);
      await until('it is done', () => !run.actor.busy);
      run.actor.rest();
      expect(actorsOf(own)).toHaveLength(0);
    }
    expect(run.handled).toEqual([0, 1, 2]);
    own.stop();
  });

  it('goes on, once with each message and in order, when it is killed behind its back or rests', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('tell', 'kill', 'rest', 'wait', 'finish'), { maxLength: 60 }),
        fc.record({ busyPass: fc.integer({ min: 0, max: 8 }), longestGathering: fc.integer({ min: 0, max: 4 }) }),
        fc.boolean(),
        async (deeds, passes, gathers) => {
          const killed = startActorSystem(passes);
          const run = start(killed, 4, gathers);
          let told = 0;
          for (const deed of deeds) {
            if (deed === 'tell') run.actor.tell({ n: told++, dead: false });
            else if (deed === 'kill') killActors(killed);
            else if (deed === 'rest') run.actor.rest();
            else if (deed === 'finish') run.finish(0.5);
            else await macrotask();
          }
          while (run.handled.length < told) {
            run.finish(1);
            await macrotask();
          }
          expect(run.handled).toEqual(Array.from({ length: told }, (_, n) => n));
          killed.stop();
        },
      ),
      { numRuns: 200 },
    );
  });
});
