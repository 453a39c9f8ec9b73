import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { shardQueries } from '../../src/infrastructure/cassandra/session-tables.ts';
import { create, post } from '../support/commands.ts';
import { sessionTimeoutMs } from './instance.ts';
import { policyIsOut } from './policy-is-out.ts';
import { die, heartbeatMs, publish, startInstances } from './scenario.ts';
import { type Owner, world } from './scheduler.ts';
import type { Scenario, World } from './world.ts';

/** What random seeds meet too rarely. Nothing else goes wrong; the seed moves the moments about. Each says by `faults.fire` that the
 *  situation was really there: `reaches`, within so many `seeds`. */
export type Directed = Scenario & { readonly seeds: number; readonly reaches: readonly string[] };

const chat = 'chat1';
const posts = (sim: World, count: number, everyMs: number, shard = 0, to = chat): void => {
  publish(sim, 500, shard, create(to));
  for (let index = 1; index <= count; index++) publish(sim, 500 + index * everyMs, shard, post(to, `m${index}`));
};

/** A process stands still with an append on its way, is fenced, and goes on later as if nothing had been. The append applies before
 *  it is suspected, while it is being fenced, or long after. */
const pausedInAnAppend: Directed = {
  quiet: true,
  seeds: 60,
  shards: 1,
  forMs: 16_000,
  reaches: ['fenced in the middle of an append', 'its append applies', 'its append is refused'],
  play: (sim) => {
    const { random, scheduler, faults, rabbit } = sim;
    posts(sim, 60, 200);
    let victim: Owner | undefined;
    let pending = false;
    let appends = random.int(3, 25);
    faults.directed = (owner, query, apply) => {
      if (query !== journalQueries.append || victim !== undefined || --appends > 0) return undefined;
      victim = owner;
      pending = true;
      scheduler.pause(owner);
      const aroundMs = random.pick([0, sessionTimeoutMs, 5_000]);
      scheduler.after(
        aroundMs + random.between(0, 1_500),
        () => {
          apply();
          faults.fire(pending ? 'its append is refused' : 'its append applies');
        },
        world,
      );
      scheduler.after(heartbeatMs, () => rabbit.cut(owner, 'broker', random.between(0, 4_000)), world);
      scheduler.after(random.between(5_000, 9_000), () => scheduler.resume(owner), world);
      return 'held';
    };
    sim.onApplied = (query, _params, owner) => {
      if (query === journalQueries.append && owner === victim) pending = false;
      if (query === journalQueries.fence && victim?.state === 'paused')
        faults.fire('fenced in the middle of an append');
    };
  },
};

/** An append times out, nothing of its session gets through, and it applies just before or just after the fence of somebody else. */
const appendMeetsFence: Directed = {
  quiet: true,
  seeds: 60,
  shards: 1,
  forMs: 14_000,
  reaches: ['it applies before the fence', 'it comes after the fence'],
  play: (sim) => {
    const { random, scheduler, faults } = sim;
    posts(sim, 50, 200);
    let victim: Owner | undefined;
    let applies: (() => void) | undefined;
    let applied = false;
    let appends = random.int(3, 25);
    faults.directed = (owner, query, apply) => {
      if (query === journalQueries.fence && owner !== victim && applies !== undefined) {
        const held = applies;
        applies = undefined;
        const arrive = () => {
          held();
          faults.fire(applied ? 'it applies before the fence' : 'it comes after the fence');
        };
        scheduler.after(random.pick([0, random.between(0, 4), 50]), arrive, world);
      }
      if (owner === victim && (query === journalQueries.append || query === journalQueries.beat)) return 'lost';
      if (query !== journalQueries.append || victim !== undefined || --appends > 0) return undefined;
      victim = owner;
      applies = apply;
      scheduler.after(8_000, () => (faults.directed = undefined), world);
      return 'held';
    };
    sim.onApplied = (query, _params, owner) => {
      if (query === journalQueries.append && owner === victim && applies === undefined) applied = true;
    };
  },
};

const steps = ['fenced', 'wrote', 'announced', 'claimed'] as const;

/** An owner dies with decisions that nobody has heard of, perhaps written nowhere but in its journal. Who takes over dies at one of
 *  its steps, and the next one too. */
const takersDie: Directed = {
  quiet: true,
  seeds: 60,
  shards: 1,
  forMs: 25_000,
  reaches: steps.map((step) => `a taker dies: ${step}`),
  play: (sim) => {
    const { random, scheduler, faults } = sim;
    posts(sim, 60, 120);
    let first: Owner | undefined;
    let appends = random.int(3, 25);
    let left = random.int(1, 3);
    let step = random.pick(steps);
    const unwritten = random.chance(0.5);
    const dying = (owner: Owner, at: (typeof steps)[number]) => {
      if (first?.state !== 'dead' || owner === first || owner === world || owner.state === 'dead') return;
      if (left === 0 || at !== step) return;
      left--;
      step = random.pick(steps);
      faults.fire(`a taker dies: ${at}`);
      die(sim, owner, 10);
      scheduler.after(random.between(50, 4_000), () => startInstances(sim), world);
    };
    faults.mutes = (owner) => owner === first;
    faults.directed = (owner, query) => {
      if (/^INSERT INTO (messages|changes)/.test(query)) {
        if (owner === first && unwritten) return 'lost';
        dying(owner, 'wrote');
      }
      return undefined;
    };
    sim.onTaken = (_answer, owner) => dying(owner, 'announced');
    sim.onApplied = (query, _params, owner) => {
      if (query === journalQueries.fence) dying(owner, 'fenced');
      if (query === shardQueries.change) dying(owner, 'claimed');
      if (query !== journalQueries.append || first !== undefined || --appends > 0) return;
      first = owner;
      const kill = () => {
        die(sim, owner, 10);
        scheduler.after(random.between(50, 4_000), () => startInstances(sim), world);
      };
      scheduler.after(random.between(5, 900), kill, world);
    };
  },
};

/** A paused owner is fenced and does not know it; it still holds a delivery, and opens the chat of which the new owner has written a
 *  part: it finds the command done. */
const openedAtMs = 7_000;
const zombieOpensAChat: Directed = {
  quiet: true,
  seeds: 60,
  shards: 1,
  forMs: 16_000,
  reaches: ['the zombie reads'],
  play: (sim) => {
    const { random, scheduler, faults, rabbit } = sim;
    posts(sim, 3, 50);
    // So that the next owner has not opened the chat yet.
    const kill = () => {
      for (const { owner, cell } of sim.instances) if (cell.status().shards.length > 0) die(sim, owner, 10);
      startInstances(sim);
    };
    scheduler.after(2_000, kill, world);
    publish(sim, openedAtMs, 0, post(chat, 'm4'));
    publish(sim, openedAtMs + 1, 0, post(chat, 'm5'));
    let zombie: Owner | undefined;
    let awake = false;
    const onePlace = random.int(0, 2);
    let successor: Owner | undefined;
    faults.misses = (owner, replica) => owner === successor && replica !== onePlace;
    sim.onApplied = (query, _params, owner) => {
      if (query === journalQueries.append && zombie !== undefined && owner !== zombie) successor = owner;
    };
    faults.directed = (owner, query) => {
      if (owner === zombie && awake) {
        if (query === journalQueries.append || query === journalQueries.beat) return 'lost';
        if (query.includes('FROM messages')) faults.fire('the zombie reads');
      }
      if (zombie !== undefined || scheduler.nowMs < openedAtMs || !query.includes('FROM chat_homes')) return undefined;
      zombie = owner;
      scheduler.pause(owner);
      scheduler.after(heartbeatMs, () => rabbit.cut(owner, 'broker', 3_000), world);
      const wake = () => {
        awake = true;
        scheduler.resume(owner);
      };
      scheduler.after(heartbeatMs + random.between(300, 1_500), wake, world);
      return 'lost';
    };
  },
};

/** A shard is being handed back and one of its chats is still being read when the process is told to stop, and has no time. */
const stoppedWhileGivingBack: Directed = {
  quiet: true,
  seeds: 20,
  shards: 2,
  forMs: 8_000,
  reaches: ['the chat is read too late'],
  play: (sim) => {
    const { random, scheduler, faults } = sim;
    const [a, ...others] = sim.instances;
    for (const { owner } of others) die(sim, owner, 0);
    publish(sim, 2_000, 1, create(chat));
    for (let index = 1; index <= 5; index++) publish(sim, 2_000 + index * 200, 1, post(chat, `m${index}`));
    scheduler.after(2_050, () => startInstances(sim), world);
    const stopMs = random.between(2_700, 3_100);
    scheduler.after(stopMs, () => void a!.cell.stop(100), a!.owner);
    faults.directed = (owner, query) => {
      if (owner !== a!.owner) return undefined;
      // Applied, but the process waits for the answer.
      if (query === shardQueries.free) return 'unheard';
      if (!query.includes('FROM chat_homes')) return undefined;
      scheduler.after(1_400, () => faults.fire('the chat is read too late'), world);
      return 1_400;
    };
  },
};

/** One shard cannot publish; the other one fills the ring of its journal, until it may not go on. Sometimes the process dies then. */
const ringIsFull: Directed = {
  quiet: true,
  seeds: 6,
  shards: 2,
  forMs: 16_000,
  reaches: ['carried', 'ringed'],
  play: (sim) => {
    const { random, scheduler, faults } = sim;
    for (const { label, owner } of sim.instances) if (label !== 'a') die(sim, owner, 0);
    posts(sim, 3, 300, 0);
    posts(sim, 330, 30, 1, 'chat2');
    faults.mutes = (_owner, of) => of === chat && scheduler.nowMs < 13_000;
    if (random.chance(0.5)) return;
    const kill = () => {
      for (const { owner } of sim.instances) if (owner.state === 'running') die(sim, owner, 10);
      startInstances(sim);
    };
    scheduler.after(random.between(4_000, 12_000), kill, world);
  },
};

export const directed = {
  'paused-in-an-append': pausedInAnAppend,
  'append-meets-fence': appendMeetsFence,
  'takers-die': takersDie,
  'zombie-opens-a-chat': zombieOpensAChat,
  'stopped-while-giving-back': stoppedWhileGivingBack,
  'ring-is-full': ringIsFull,
  'policy-is-out': policyIsOut,
} as const satisfies Record<string, Directed>;

export type DirectedName = keyof typeof directed;
