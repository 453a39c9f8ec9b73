import { afterEach, describe, expect, it } from 'vitest';
import { type ActorSystem, startActorSystem } from '../../actors/kit/actor-system.ts';
import { type Cell, startCell } from '../../actors/shard/guardian.ts';
import type { Decision } from '../../src/application/decision.ts';
import type { EventLane } from '../../src/application/ports/event-publisher.ts';
import type { Session } from '../../src/application/ports/ownership.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import { chatId, shardNumber } from '../../src/domain/ids.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
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
        take: async (_, announce: (decisions: readonly Decision[]) => Promise<void>) => {
          at.announcing = true;
          await announce(undone);
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
