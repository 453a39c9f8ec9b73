import type { Command } from '../../src/domain/chat/command.ts';
import { micros, seq, userId } from '../../src/domain/ids.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { command as commandOf, create, post } from '../support/commands.ts';
import type { Wish } from '../support/decisions.ts';
import { type Instance, sessionTimeoutMs, startInstance } from './instance.ts';
import type { Random } from './random.ts';
import { type Owner, world } from './scheduler.ts';
import type { World } from './world.ts';

const labels = ['a', 'b', 'c'];
/** Missed heartbeats: after this the broker takes a silent process for dead. */
export const heartbeatMs = 4_000;

const alive = (sim: World): Instance[] => [...sim.instances].filter(({ owner }) => owner.state !== 'dead');
const start = (sim: World, label: string): void => void sim.instances.add(startInstance(sim, label));

/** As many as the seed wants, each label once. */
export const startInstances = (sim: World): void => {
  const wanted = labels.slice(0, 2 + (sim.seed % 2));
  const living = new Set(alive(sim).map(({ label }) => label));
  for (const label of wanted) if (!living.has(label)) start(sim, label);
};

/** A few chats, each with its producer: in order, sometimes twice, sometimes to a shard that is not the chat's home. */
export const publishCommands = (sim: World, stormMs: number): void => {
  const { random, shards } = sim;
  const put = (atMs: number, shard: number, command: Command) => publish(sim, atMs, shard, command);
  for (let number = 1; number <= random.int(1, 3); number++) {
    const chat = `chat${number}`;
    const born = random.int(0, shards - 1);
    const route = random.chance(0.3) ? random.int(0, shards - 1) : born;
    let atMs = random.between(0, 4_000);
    put(atMs, born, create(chat));
    const posts = random.chance(0.2) ? random.int(60, 90) : random.int(3, 25);
    const pauseMs = (stormMs * random.between(0.05, 0.9)) / posts;
    for (let index = 1; index <= posts; index++) {
      atMs += random.between(0, 2 * pauseMs);
      const isPost = index < 3 || random.chance(0.7);
      const sender = random.pick(['1', '2', '2', '3']);
      const command = isPost ? post(chat, `m${index}`, { sender }) : afterthought(random, chat, index, sender);
      put(atMs, route, command);
      if (random.chance(0.12))
        put(atMs + random.between(0, 9_000), random.chance(0.8) ? route : random.int(0, shards - 1), command);
    }
    if (random.chance(0.3)) put(atMs, born, create(chat, 'again'));
  }
};

/** About what was posted before; some of it is refused, since nothing is there yet or it is gone. */
const afterthought = (random: Random, chat: string, index: number, sender: string): Command => {
  const about = seq(random.int(Math.max(1, index - 12), index));
  // The same few messages again and again: what one decision leaves out, a later one shows.
  const liked = seq(1 + (about % 2));
  const wish = random.pick<Wish>([
    { type: 'message.edit', seq: about, body: `edit ${index}`, ifVersion: undefined },
    { type: 'message.edit', seq: about, body: `edit ${index}`, ifVersion: 1 },
    { type: 'message.delete', seq: about, scope: random.pick(['everyone', 'me']) },
    { type: 'reaction.add', seq: liked, emoji: random.pick(['👍', '🎉']) },
    { type: 'reaction.remove', seq: liked, emoji: '👍' },
    { type: 'message.erase', userId: userId('2'), seqs: [about, seq(about + 1)] },
    { type: 'chat.update', settings: { title: `title ${index}` } },
    { type: 'member.add', userId: userId('3'), role: 'member' },
    { type: 'member.remove', userId: userId('3') },
    { type: 'member.mute', userId: userId('2'), until: micros(index) },
  ]);
  return commandOf(chat, `m${index}`, wish, { sender: wish.type === 'message.erase' ? 'system' : sender });
};

export const publish = (sim: World, atMs: number, shard: number, command: Command): void => {
  sim.toCome++;
  sim.scheduler.after(
    atMs,
    () => {
      sim.toCome--;
      sim.invariants.published(shard, command);
      sim.rabbit.publish(shard, command);
    },
    world,
  );
};

/** One disturbance after the other. */
export const playFaults = (sim: World, stormMs: number): void => {
  const { random, scheduler } = sim;
  const kinds = deeds.filter(() => random.chance(0.6));
  if (kinds.length === 0) return;
  const everyMs = random.between(700, 6_000);
  for (let atMs = random.between(500, 6_000); atMs < stormMs; atMs += random.between(0, 2 * everyMs)) {
    const deed = random.pick(kinds);
    scheduler.after(
      atMs,
      () => {
        const victim = random.pick(alive(sim));
        if (victim === undefined || sim.faults.calm) return;
        sim.trace(undefined, () => `>>> ${deed.name} ${victim.owner.name}`);
        sim.faults.fire(deed.name);
        deed(sim, victim);
      },
      world,
    );
  }
};

/** The broker notices later. */
export const die = (sim: World, owner: Owner, noticedMs: number): void => {
  owner.state = 'dead';
  sim.scheduler.after(noticedMs, () => sim.rabbit.cut(owner, 'both'), world);
};

type Deed = (sim: World, victim: Instance) => void;

const kill: Deed = (sim, victim) => {
  const { random, scheduler } = sim;
  die(sim, victim.owner, random.chance(0.7) ? random.between(0, 20) : heartbeatMs);
  // A crash loop, a restart under the same name, or a name that stays away.
  if (random.chance(0.8)) scheduler.after(random.between(50, 5_000), () => startInstances(sim), world);
};

const stop: Deed = (sim, victim) => {
  const { scheduler, random } = sim;
  scheduler.after(
    0,
    () => {
      const drainMs = random.chance(0.5) ? 5_000 : random.int(0, 300);
      void victim.cell.stop(drainMs).then(() => {
        victim.owner.state = 'dead';
        sim.rabbit.cut(victim.owner, 'both');
        scheduler.after(random.between(10, 2_000), () => startInstances(sim), world);
      });
    },
    victim.owner,
  );
};

/** Often until it is fenced, and longer. */
const pause: Deed = (sim, victim) => {
  const { scheduler, random, rabbit } = sim;
  const forMs = random.chance(0.6) ? random.between(sessionTimeoutMs, 4 * sessionTimeoutMs) : random.between(50, 2_000);
  scheduler.pause(victim.owner);
  if (forMs > heartbeatMs) scheduler.after(heartbeatMs, () => rabbit.cut(victim.owner, 'broker'), world);
  scheduler.after(forMs, () => scheduler.resume(victim.owner), world);
};

const cutConsuming: Deed = (sim, victim) => {
  const seenBy = sim.random.pick(['both', 'broker', 'client'] as const);
  sim.rabbit.cut(victim.owner, seenBy, sim.random.between(0, 5_000));
};

const cutPublishing: Deed = (sim, victim) => sim.events.cut(victim.owner);

const cutStore: Deed = (sim, victim) => {
  sim.faults.cutStore(victim.owner);
  sim.scheduler.after(sim.random.between(200, 12_000), () => sim.faults.mendStore(victim.owner), world);
};

/** Somebody fences a healthy session: harsher than suspicion would be. */
const fence: Deed = (sim, victim) => {
  const { session } = victim.cell.status();
  if (session === undefined) return;
  const statics = sim.cassandra.ledger.partition('journal', { session }, false)?.statics;
  const params = [session, statics?.get('next_pos')?.value, statics?.get('beat')?.value];
  sim.cassandra.applyNow(journalQueries.fence, params);
};

const deeds = [kill, stop, pause, cutConsuming, cutPublishing, cutStore, fence];
