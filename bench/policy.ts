import { startActorSystem } from '../actors/kit/actor-system.ts';
import { spawnPolicyActor } from '../actors/policy/policy.actor.ts';
import { type AccessRequest, type Action, accessRequestsOf } from '../src/domain/access/access-request.ts';
import { type ChatState, defaultSettings } from '../src/domain/chat/chat-state.ts';
import type { PostMessage } from '../src/domain/chat/command.ts';
import type { Member } from '../src/domain/chat/roster.ts';
import { chatId, clientMessageId, micros, rev, seq, userId } from '../src/domain/ids.ts';
import { CedarPolicyEngine } from '../src/infrastructure/cedar/cedar-policy-engine.ts';
import { SystemClock } from '../src/infrastructure/system/system-clock.ts';
import type { Bench } from './core/bench.ts';
import { median, Ratios } from './core/ratios.ts';
import { cpuPerOperation, interleaved, ratiosOf, type Sample, warmUp } from './core/rounds.ts';

const folder = new URL('../policies', import.meta.url).pathname;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const now = micros(Date.now() * 1000);
const turn = 64;

const member: Member = { role: 'member', fromSeq: seq(1), fromRev: rev(1), mutedUntil: null, hides: false };

const chatOf = (members: number): ChatState => ({
  id: chatId('bench'),
  kind: 'group',
  creatorId: userId('1'),
  settings: defaultSettings,
  roster: new Map(Array.from({ length: members }, (_, index) => [userId(String(index + 1)), member])),
  nextSeq: seq(1),
  nextRev: rev(2),
  firstSeq: seq(1),
  firstRev: rev(1),
  large: members > 100,
  lastPostAt: new Map(),
});

const postBy = (sender: number): PostMessage => ({
  type: 'message.post',
  chatId: chatId('bench'),
  senderId: userId(String(sender)),
  clientMessageId: clientMessageId('c'),
  fingerprint: 'f',
  sentAt: undefined,
  body: 'text',
  extras: null,
  recipientId: undefined,
  seedForm: false,
});

/** More kinds of requests than a cache with room for one keeps: asked in turn, none is ever found. */
const kinds = ['message:post', 'history:read', 'chat:update', 'reaction:add'] as const;

/** Facts from the roster, then the decision. */
const decisions = (engine: CedarPolicyEngine, members: number, count: number, asked: readonly Action[]) => {
  const chat = chatOf(members);
  const commands = Array.from({ length: members }, (_, index) => postBy(index + 1));
  return timed(count, (index) => {
    for (const { facts } of accessRequestsOf(chat, commands[index % members]!, new Map(), now))
      engine.decide({ action: asked[index % asked.length]!, facts });
  });
};

const timed = async (operations: number, operation: (index: number) => void): Promise<Sample> => {
  const ms = performance.now();
  const before = process.cpuUsage();
  for (let index = 0; index < operations; index++) operation(index);
  const spent = process.cpuUsage(before);
  return { operations, wallMs: performance.now() - ms, cpu: { service: spent.user + spent.system } };
};

export const policy: Bench = {
  about: 'the cost of a decision: from the cache, without it, with 2 and with 10,000 members',
  maxMinutes: 5,
  run: async ({ quick, rounds }) => {
    const scale = quick ? 1 : 5;
    const engine = CedarPolicyEngine.load(folder);
    const forgetful = CedarPolicyEngine.load(folder, { cacheCapacity: 1 });
    const [post] = accessRequestsOf(chatOf(2), postBy(1), new Map(), now);
    const requests = kinds.map((action): AccessRequest => ({ action, facts: post!.facts }));
    const system = startActorSystem();
    const actor = spawnPolicyActor(system, engine, { clock: new SystemClock(), logger: silent });
    const asked = Array.from({ length: turn }, () => requests[0]!);
    const throughActor = async (): Promise<Sample> => {
      const turns = 2_000 * scale;
      const ms = performance.now();
      const before = process.cpuUsage();
      for (let index = 0; index < turns; index++) await actor.decide(asked);
      const spent = process.cpuUsage(before);
      return { operations: turns * turn, wallMs: performance.now() - ms, cpu: { service: spent.user + spent.system } };
    };
    const contestants: Record<string, () => Promise<Sample>> = {
      cached: () => timed(500_000 * scale, () => engine.decide(requests[0]!)),
      uncached: () => timed(5_000 * scale, (index) => forgetful.decide(requests[index % kinds.length]!)),
      'cached, facts included, 2 members': () => decisions(engine, 2, 200_000 * scale, ['message:post']),
      'cached, facts included, 10,000 members': () => decisions(engine, 10_000, 200_000 * scale, ['message:post']),
      'uncached, 2 members': () => decisions(forgetful, 2, 5_000 * scale, kinds),
      'uncached, 10,000 members': () => decisions(forgetful, 10_000, 5_000 * scale, kinds),
      [`cached, through the actor, ${turn} at a time`]: throughActor,
    };
    await warmUp(contestants, 1);
    const found = await interleaved(contestants, rounds);
    actor.stop();
    system.stop();
    const perDecision = (sample: Sample) => cpuPerOperation(sample);
    const each = (name: string) => found[name]!.map(perDecision);
    const ratios = new Ratios();
    ratios.add('policy.cached', each('cached'));
    ratios.add('policy.uncached', each('uncached'));
    ratios.add(
      'policy.members',
      ratiosOf(found['uncached, 10,000 members']!, found['uncached, 2 members']!, perDecision),
    );
    ratios.add(
      'policy.members.cached',
      ratiosOf(
        found['cached, facts included, 10,000 members']!,
        found['cached, facts included, 2 members']!,
        perDecision,
      ),
    );
    return {
      ratios: ratios.accepted,
      refused: ratios.refused,
      cpuMicrosPerMessage: Object.fromEntries(
        Object.keys(contestants).map((name) => [name, { service: median(each(name)) }]),
      ),
      tables: [],
      curves: [],
      notes: ['policy.cached and policy.uncached are µs per decision, not ratios.'],
    };
  },
};
