import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type ActorSystem, startActorSystem } from '../../actors/kit/actor-system.ts';
import { type Cell, startCell } from '../../actors/shard/guardian.ts';
import type { EventLane } from '../../src/application/ports/event-publisher.ts';
import type { Announce, Ownership, Session } from '../../src/application/ports/ownership.ts';
import type { Clock } from '../../src/application/ports/system.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import { chatId, shardNumber } from '../../src/domain/ids.ts';
import { openMemoryCell } from '../../src/infrastructure/memory/memory-cell.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import { eventBody } from '../../src/interface-adapters/amqp/event-json.ts';
import { collect } from '../support/collected.ts';
import { create, post } from '../support/commands.ts';
import { ChatWriter, numbering } from '../support/decisions.ts';
import { FakeBroker } from '../support/fake-broker.ts';
import { quietLogger, realClock, startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';

const shard = shardNumber(0);

describe('while a shard is being taken over and the broker does not confirm', () => {
  let system: ActorSystem;
  let cell: Cell;
  afterEach(() => system.stop());

  /** The first session takes a shard that somebody has left something undone of; later ones find nothing. */
  const start = () => {
    const broker = new FakeBroker();
    broker.holdConfirms = true;
    const lanes = new Set<EventLane>();
    const lane = (): EventLane => {
      const inner = broker.lane();
      const one: EventLane = {
        publish: inner.publish,
        close: () => {
          lanes.delete(one);
          inner.close();
        },
      };
      lanes.add(one);
      return one;
    };
    const undone = [new ChatWriter(chatId('c'), numbering({ shard, epoch: 1 })).create()];
    const { promise: lost, resolve: lose } = Promise.withResolvers<Error>();
    const at = { sessions: 0, announcing: false };
    const begin = async (): Promise<Session> => {
      const first = at.sessions++ === 0;
      return {
        id: `session-${at.sessions}`,
        store: {} as never,
        lost: first ? lost : new Promise<Error>(() => {}),
        view: async () => ({ shards: first ? [{ shard, owner: 'gone' }] : [], liveInstances: 1 }),
        take: async (_, announce: Announce) => {
          at.announcing = true;
          await announce(undone, 'the former one');
          return { shard, epoch: 2 };
        },
        release: async () => {},
        leave: async () => {},
        end: async () => {},
      };
    };
    system = startActorSystem();
    cell = startCell({
      system,
      ownership: { shardCount: 1, begin, close: async () => {} },
      consumer: broker,
      publisher: { lane },
      policy: { decide: async (requests) => requests.map(() => ({ effect: 'permit' })) },
      hashKey: keyHash,
      clock: realClock,
      logger: quietLogger,
      limits: defaultBucketLimits,
      residency: { maxChats: 10, idleMs: 1_000 },
    });
    return { at, lanes, lose };
  };

  it('stops when it is told to', async () => {
    const { at, lanes } = start();
    await until('it announces', () => at.announcing);
    await cell.stop(100);
    expect(lanes.size).toBe(0);
  });

  it('announces nothing more of a session that is lost', async () => {
    const { at, lanes, lose } = start();
    await until('it announces', () => at.announcing);
    lose(new Error('fenced'));
    await until('the next session is begun', () => at.sessions === 2);
    await until('the way out of the lost one is closed', () => lanes.size === 0);
    await cell.stop(100);
  });
});

describe('a session that goes on and on', () => {
  it('leaves nothing behind with every look at the shards', async () => {
    let looks = 0;
    const ownClock = new SystemClock();
    const clock: Clock = {
      now: () => ownClock.now(),
      monotonicMs: () => ownClock.monotonicMs(),
      sleep: (_, signal) => {
        looks++;
        return ownClock.sleep(0, signal);
      },
    };
    const { close } = startTestCell({ clock });
    const heapAfter = async (count: number) => {
      const end = looks + count;
      await until('it has looked so often', () => looks >= end);
      collect();
      return process.memoryUsage().heapUsed;
    };
    await heapAfter(1_000);
    const before = await heapAfter(1_000);
    const count = 4_000;
    const after = await heapAfter(count);
    expect((after - before) / count).toBeLessThan(100);
    await close();
  });
});

describe('a shard that cannot be consumed', () => {
  it('is given back and taken again', async () => {
    const { broker, cell, close } = startTestCell({ refusedConsumers: 1 });
    broker.put(shard, create('c'), post('c', 'a'));
    await until('the commands are settled', () => broker.waiting(shard) === 0);
    expect(cell.status().shards).toEqual([shard]);
    await close();
  });
});

describe('a session that cannot be begun', () => {
  it('is tried again with longer and longer pauses, up to a minute', async () => {
    const pauses: number[] = [];
    const clock = {
      ...realClock,
      sleep: (ms: number, signal?: AbortSignal) => {
        if (begun <= 12) pauses.push(ms);
        return realClock.sleep(begun <= 12 ? 0 : ms, signal);
      },
    };
    const memory = openMemoryCell({ shards: 1 });
    let begun = 0;
    const ownership: Ownership = {
      shardCount: 1,
      begin: async () => {
        if (begun++ < 12) throw new Error('the store is away');
        return memory.ownership.begin();
      },
      close: async () => {},
    };
    const { broker, close } = startTestCell({ ownership, clock });
    broker.put(shard, create('c'));
    await until('the chat is created', () => broker.waiting(shard) === 0);
    for (const [index, ms] of pauses.entries()) {
      const longest = Math.min(200 * 2 ** index, 60_000);
      expect(ms).toBeGreaterThanOrEqual(longest / 2);
      expect(ms).toBeLessThanOrEqual(longest);
    }
    expect(pauses).toHaveLength(12);
    await close();
  });
});

describe('an instance that cannot reach its broker', () => {
  const patienceMs = 300;
  const start = (over: Parameters<typeof startTestCell>[0] = {}) => {
    const memory = openMemoryCell({ shards: 2 });
    const calls: string[] = [];
    const begun: Session[] = [];
    const begin = async () => {
      const session = await memory.ownership.begin();
      begun.push(session);
      calls.push('begin');
      for (const name of ['leave', 'end', 'release'] as const) {
        const original = session[name].bind(session) as (...args: unknown[]) => Promise<void>;
        (session as Record<string, unknown>)[name] = (...args: unknown[]) => {
          calls.push(name);
          return original(...args);
        };
      }
      return session;
    };
    const ownership: Ownership = { shardCount: 2, begin, close: async () => {} };
    return { ...startTestCell({ ownership, brokerPatienceMs: patienceMs, ...over }), calls, begun, memory };
  };

  it('gives its shards back, ends its session, and begins another when it is connected again', async () => {
    const { broker, cell, calls, close } = start();
    broker.put(shard, create('c'), post('c', 'a'));
    await until('all is settled', () => broker.waiting(shard) === 0);
    broker.available = false;
    await until('the session is ended', () => calls.includes('end'));
    expect(calls).toEqual(['begin', 'leave', 'release', 'release', 'end']);
    await sleep(4 * patienceMs); // nothing is to happen for as long as the broker is away
    expect([cell.status().session, cell.status().shards]).toEqual([undefined, []]);
    expect(calls.filter((call) => call === 'begin')).toHaveLength(1);
    broker.available = true;
    broker.put(shard, post('c', 'b'));
    await until('it goes on', () => broker.waiting(shard) === 0);
    expect(broker.published.map(({ answer }) => ('seq' in answer ? answer.seq : answer.type))).toEqual([
      'chat.created',
      1,
      2,
    ]);
    await close();
  });

  it('leaves what is undone to the next owner: it ends its session without giving that shard back', async () => {
    const { broker, calls, close } = start();
    broker.put(shard, create('c'));
    await until('the chat is created', () => broker.waiting(shard) === 0);
    broker.holdConfirms = true;
    broker.put(shard, post('c', 'a'));
    await until('it is published', () => broker.published.length === 2);
    broker.available = false;
    await until('the session is ended', () => calls.includes('end'));
    expect(calls.filter((call) => call === 'release')).toHaveLength(1);
    expect(broker.waiting(shard)).toBe(1);
    broker.holdConfirms = false;
    broker.available = true;
    await until('the command is settled', () => broker.waiting(shard) === 0);
    expect(eventBody(broker.published.at(-1)!.answer)).toBe(eventBody(broker.published[1]!.answer));
    await close();
  });

  it('keeps its session when the broker is back in time', async () => {
    const { broker, calls, close } = start();
    broker.put(shard, create('c'));
    await until('the chat is created', () => broker.waiting(shard) === 0);
    for (let n = 0; n < 3; n++) {
      broker.available = false;
      await sleep(patienceMs / 3);
      broker.available = true;
      await sleep(patienceMs);
    }
    expect(calls).toEqual(['begin']);
    await close();
  });

  it('begins sessions more and more slowly when the connection comes and goes', async () => {
    const pauses: number[] = [];
    const clock = {
      ...realClock,
      sleep: (ms: number, signal?: AbortSignal) => {
        if (ms < 1_000) return realClock.sleep(Math.min(ms, 10), signal);
        pauses.push(ms);
        return realClock.sleep(0, signal);
      },
    };
    const { broker, calls, close } = start({ clock, brokerPatienceMs: 20 });
    for (let n = 1; n <= 9; n++) {
      broker.available = true;
      await until(`session ${n}`, () => calls.filter((call) => call === 'begin').length === n);
      broker.available = false;
      await until('it is ended', () => calls.filter((call) => call === 'end').length === n);
    }
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    await close();
  });

  it('stops when it is told to while it waits for its broker', async () => {
    const { broker, calls, close } = start();
    await until('a session', () => calls.length === 1);
    broker.available = false;
    await until('the session is ended', () => calls.includes('end'));
    await close();
  });
});

describe('a shard whose actor has crashed', () => {
  it('consumes again, and everything it had comes again', async () => {
    let armed = false;
    const monotonicMs = () => {
      if (armed && new Error().stack!.includes('dispatch')) {
        armed = false;
        throw new Error('a defect');
      }
      return performance.now();
    };
    const { broker, close } = startTestCell({ clock: { ...realClock, monotonicMs } });
    broker.put(shard, create('c'));
    await until('the chat is created', () => broker.waiting(shard) === 0);
    armed = true;
    broker.put(shard, post('c', 'a'));
    await until('the shard has crashed', () => !armed);
    await until('the command is settled', () => broker.waiting(shard) === 0);
    await close();
  });
});
