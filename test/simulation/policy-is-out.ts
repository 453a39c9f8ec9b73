import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { spawnPolicyActor } from '../../actors/policy/policy.actor.ts';
import { isEntry } from '../../src/application/decision.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { AccessDecision } from '../../src/domain/access/access-request.ts';
import { create, post } from '../support/commands.ts';
import { killActors } from '../support/kill-actors.ts';
import type { Directed } from './directed.ts';
import { die, publish, startInstances } from './scenario.ts';
import { type Owner, world } from './scheduler.ts';
import type { World } from './world.ts';

const basis = { policy: 'p', rules: ['r'] };
const fromMs = 3_000;
const forMs = 10_000;
/** What was decided before is on its way out for so long. */
const underWayMs = 2_000;

type Outage = { begin(): void; end(): void; readonly policy: PolicyDecisionPoint };

/** The real policy actor of one process, in a system of its own and as an owner of its own: it stands still alone, and dies alone. */
const policyThatFails = (
  { scheduler, random }: World,
  kind: 'stuck' | 'killed' | 'stopped',
  process: Owner,
  deps: Parameters<typeof spawnPolicyActor>[2],
): Outage => {
  const owner: Owner = { name: `policy of ${process.name}`, state: 'running' };
  // It ticks always: a pause holds back what is still to be run, and kills want a part of nact's.
  const system = startActorSystem({ busyPass: 0 });
  const engine = { decide: (): AccessDecision => ({ effect: 'permit', basis }) };
  let actor = spawnPolicyActor(system, engine, deps);
  let out = false;
  const asItself = <T>(work: () => T): T => {
    const { current } = scheduler;
    scheduler.current = owner;
    const result = work();
    scheduler.current = current;
    return result;
  };
  const killOften = () => {
    if (!out) return;
    asItself(() => killActors(system));
    scheduler.after(random.between(0.01, 30), killOften, world);
  };
  return {
    begin: () => {
      out = true;
      if (kind === 'stuck') scheduler.pause(owner);
      else if (kind === 'stopped') actor.stop();
      else killOften();
    },
    end: () => {
      out = false;
      if (kind === 'stuck') scheduler.resume(owner);
      if (kind === 'stopped') actor = spawnPolicyActor(system, engine, deps);
    },
    policy: {
      decide: (requests) =>
        new Promise((resolve, reject) => {
          void asItself(() => actor.decide(requests)).then(
            (words) => scheduler.after(0, () => resolve(words), process),
            (error) => scheduler.after(0, () => reject(error), process),
          );
        }),
    },
  };
};

/** The policy actors of all processes do not answer for ten seconds, or are killed again and again, while commands go on coming. Nothing
 *  is permitted meanwhile, nobody is told, and all of it is announced afterwards. */
export const policyIsOut: Directed = {
  quiet: true,
  seeds: 9,
  shards: 2,
  forMs: 16_000,
  reaches: ['stuck, and commands waited', 'stopped, and commands waited', 'killed, and it went on'],
  play: (sim) => {
    const { scheduler, faults, invariants } = sim;
    const kind = (['stuck', 'killed', 'stopped'] as const)[sim.seed % 3]!;
    const outages: Outage[] = [];
    sim.policyOf = (owner, deps) => {
      const outage = policyThatFails(sim, kind, owner, deps);
      outages.push(outage);
      return outage.policy;
    };
    for (const { owner } of sim.instances) die(sim, owner, 0);
    startInstances(sim);

    for (const chat of [1, 2, 3, 4]) {
      publish(sim, 500, chat % 2, create(`chat${chat}`));
      for (let atMs = 600; atMs < 15_000; atMs += 100) publish(sim, atMs, chat % 2, post(`chat${chat}`, `m${atMs}`));
    }

    let taken = 0;
    let takenBefore = 0;
    sim.onTaken = (answer) => {
      taken++;
      const { nowMs } = scheduler;
      if (!isEntry(answer)) invariants.found('I7', `told ${answer.code} because the policy was ${kind}`, answer.chatId);
      else if (kind !== 'killed' && nowMs > fromMs + underWayMs && nowMs < fromMs + forMs)
        invariants.found('I7', `rev ${answer.rev} was announced while the policy was ${kind}`, answer.chatId);
    };
    const at = (ms: number, run: () => void) => scheduler.after(ms, run, world);
    at(fromMs, () => {
      for (const outage of outages) outage.begin();
    });
    at(fromMs + underWayMs, () => {
      takenBefore = taken;
    });
    at(fromMs + forMs, () => {
      for (const outage of outages) outage.end();
      if (kind === 'killed' && taken > takenBefore) faults.fire('killed, and it went on');
      if (kind !== 'killed' && taken === takenBefore && taken > 0) faults.fire(`${kind}, and commands waited`);
    });
  },
};
