import { afterEach, describe, expect, it } from 'vitest';
import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { spawnPolicyActor } from '../../actors/policy/policy.actor.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { AccessDecision, AccessRequest } from '../../src/domain/access/access-request.ts';
import { shardNumber } from '../../src/domain/ids.ts';
import { create, post } from '../support/commands.ts';
import { killActors } from '../support/kill-actors.ts';
import { quietLogger, realClock, startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';

const shard = shardNumber(0);
const permit: AccessDecision = { effect: 'permit' };
const chats = Array.from({ length: 10 }, (_, index) => `chat-${index}`);
const perChat = 20;

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

const start = (policy: PolicyDecisionPoint) => {
  const cell = startTestCell({ policy });
  ending.push(cell.close);
  return cell.broker;
};
const actor = (decide: (request: AccessRequest) => AccessDecision) => {
  const system = startActorSystem();
  ending.push(() => system.stop());
  return spawnPolicyActor(system, { decide }, { clock: realClock, logger: quietLogger });
};

/** Many chats write while the policy is out. `mend` ends that. */
const survives = async (broker: ReturnType<typeof start>, isOutForAWhile: () => boolean, mend: () => void) => {
  for (const chat of chats) broker.put(shard, create(chat));
  for (let index = 0; index < perChat; index++) for (const chat of chats) broker.put(shard, post(chat, `m-${index}`));
  await until('the policy has been out for a while', isOutForAWhile);
  expect(broker.published).toEqual([]);
  expect(broker.settled).toEqual([]);
  mend();
  await until('everything is announced', () => broker.published.length === chats.length * (perChat + 1));
  for (const chat of chats) {
    const own = broker.published.filter(({ answer }) => answer.chatId === chat);
    expect(own.map(({ answer }) => ('seq' in answer ? answer.seq : answer.type))).toEqual([
      'chat.created',
      ...Array.from({ length: perChat }, (_, index) => index + 1),
    ]);
  }
  await until('everything is acked', () => broker.settled.length === chats.length * (perChat + 1));
  expect(broker.settled.every(({ how }) => how === 'ack')).toBe(true);
};

describe('while the policy cannot decide, nobody is permitted, nobody is denied, and everything is delivered later', () => {
  it('when its engine fails', async () => {
    let failures = 0;
    let failing = true;
    const policy = actor(() => {
      if (!failing) return permit;
      failures++;
      throw new Error('no policy');
    });
    await survives(
      start(policy),
      () => failures >= 5 * chats.length,
      () => {
        failing = false;
      },
    );
  });

  it('when it does not answer', async () => {
    const inner = actor(() => permit);
    const held: (() => void)[] = [];
    let stuck = true;
    const policy: PolicyDecisionPoint = {
      decide: async (requests) => {
        if (stuck) await new Promise<void>((resolve) => held.push(resolve));
        return inner.decide(requests);
      },
    };
    await survives(
      start(policy),
      () => held.length === chats.length,
      () => {
        stuck = false;
        for (const resolve of held) resolve();
      },
    );
  });

  it('when it answers only a part of what it was asked', async () => {
    const inner = actor(() => permit);
    let short = 0;
    let cuts = true;
    const policy: PolicyDecisionPoint = {
      decide: async (requests) => {
        const words = await inner.decide(requests);
        if (!cuts) return words;
        short++;
        return words.slice(1);
      },
    };
    await survives(
      start(policy),
      () => short >= 3 * chats.length,
      () => {
        cuts = false;
      },
    );
  });

  it('when it is killed, and another one takes its place', async () => {
    let current = actor(() => permit);
    let asked = 0;
    const policy: PolicyDecisionPoint = {
      decide: (requests) => {
        asked++;
        return current.decide(requests);
      },
    };
    const broker = start(policy);
    current.stop();
    await survives(
      broker,
      () => asked >= 3 * chats.length,
      () => {
        current = actor(() => permit);
      },
    );
  });

  it('when it is killed again and again, and nobody puts another one in its place', async () => {
    const system = startActorSystem();
    ending.push(() => system.stop());
    const policy = spawnPolicyActor(system, { decide: () => permit }, { clock: realClock, logger: quietLogger });
    let kills = 0;
    const broker = start({
      decide: (requests) => {
        const answer = policy.decide(requests);
        // Before it has come to the question; the next one finds it alive.
        if (kills++ < 50) killActors(system);
        return answer;
      },
    });
    for (const chat of chats) broker.put(shard, create(chat), post(chat, 'm'));
    await until('everything is announced', () => broker.published.length === 2 * chats.length);
    expect(broker.published.every(({ answer }) => !('code' in answer))).toBe(true);
    expect(kills).toBeGreaterThan(0);
  });
});
