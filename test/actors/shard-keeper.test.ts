import { expect, it } from 'vitest';
import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { startCell } from '../../actors/shard/guardian.ts';
import type { Ownership, Session, ShardView, Tenure } from '../../src/application/ports/ownership.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import { chatId, shardNumber } from '../../src/domain/ids.ts';
import { openMemoryCell } from '../../src/infrastructure/memory/memory-cell.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import { create, post } from '../support/commands.ts';
import { ChatWriter, numbering } from '../support/decisions.ts';
import { FakeBroker } from '../support/fake-broker.ts';
import { quietLogger, realClock, startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';

it('takes other shards while the replay of one cannot be finished', async () => {
  const broker = new FakeBroker();
  broker.holdConfirms = true;
  const undone = [new ChatWriter(chatId('c'), numbering({ shard: shardNumber(0), epoch: 1 })).create()];
  const owners: ShardView['owner'][] = ['gone', 'living', 'living'];
  const session: Session = {
    id: 'session',
    store: {} as never,
    lost: new Promise(() => {}),
    view: async () => ({
      shards: owners.map((owner, shard) => ({ shard: shardNumber(shard), owner })),
      liveInstances: 1,
    }),
    take: async (shard, announce) => {
      if (shard === 0) await announce(undone, 'the former one');
      owners[shard] = 'mine';
      return { shard, epoch: 2 };
    },
    release: async () => {},
    leave: async () => {},
    end: async () => {},
  };
  const system = startActorSystem();
  const cell = startCell({
    system,
    ownership: { shardCount: 3, begin: async () => session, close: async () => {} },
    consumer: broker,
    publisher: broker,
    policy: { decide: async () => [] },
    hashKey: keyHash,
    clock: realClock,
    logger: quietLogger,
    limits: defaultBucketLimits,
    residency: { maxChats: 10, idleMs: 1_000 },
  });
  await until('it announces', () => broker.published.length > 0);
  owners[1] = 'nobody';
  owners[2] = 'gone';
  await until('the other two are held', () => cell.status().shards.length === 2);
  expect(cell.status().shards).toEqual([1, 2]);
  await cell.stop(100);
  system.stop();
});

it('never gives a shard free of which a turn is still being taken', async () => {
  const memory = openMemoryCell({ shards: 2 });
  const log: string[] = [];
  let liveInstances = 1;
  const begin = async (): Promise<Session> => {
    const session = await memory.ownership.begin();
    const store = Object.create(session.store) as Session['store'];
    for (const name of ['home', 'claimHome', 'open', 'keyBlocks', 'entryAt', 'confirmOwnership', 'announced'] as const)
      Object.assign(store, { [name]: (session.store[name] as () => unknown).bind(session.store) });
    store.commit = (decisions) => {
      log.push(`commit ${decisions[0]!.shard}`);
      return session.store.commit(decisions);
    };
    return {
      id: session.id,
      store,
      lost: session.lost,
      view: async () => ({ ...(await session.view()), liveInstances }),
      take: (shard, announce) => session.take(shard, announce),
      release: async (tenure: Tenure) => {
        log.push(`release ${tenure.shard}`);
        await session.release(tenure);
      },
      leave: () => session.leave(),
      end: () => session.end(),
    };
  };
  const ownership: Ownership = { shardCount: 2, begin, close: async () => {} };
  let answer: (() => void) | undefined;
  let isSlow = false;
  const policy = {
    decide: async (requests: readonly unknown[]) => {
      if (isSlow) await new Promise<void>((resolve) => (answer = resolve));
      return requests.map(() => ({ effect: 'permit' as const }));
    },
  };
  const { broker, cell } = startTestCell({ ownership, policy, shards: 2 });
  const shard = shardNumber(1);
  await until('both are held', () => cell.status().shards.length === 2);
  broker.put(shard, create('c'));
  await until('the chat is created', () => broker.waiting(shard) === 0);
  isSlow = true;
  broker.put(shard, post('c', 'a'));
  await until('the policy is asked', () => answer !== undefined);
  // One too many: the second is being handed back, and waits for its chat, when the service stops and does not wait so long.
  liveInstances = 2;
  await realClock.sleep(600);
  log.length = 0;
  await cell.stop(100);
  answer?.();
  await realClock.sleep(100);
  expect(log).toEqual(['release 0']);
});
