import { setImmediate as macrotask } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, answerOf } from '../../src/application/decision.ts';
import type { ChatStore } from '../../src/application/ports/chat-store.ts';
import type { AccessDecision, AccessRequest } from '../../src/domain/access/access-request.ts';
import { micros, rev, seq, shardNumber, userId } from '../../src/domain/ids.ts';
import { openMemoryCell } from '../../src/infrastructure/memory/memory-cell.ts';
import { eventBody } from '../../src/interface-adapters/amqp/event-json.ts';
import { command, create, post } from '../support/commands.ts';
import { actorsOf } from '../support/kill-actors.ts';
import { realClock, startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';

const shard = shardNumber(0);
let running: ReturnType<typeof startTestCell> | undefined;
const start: typeof startTestCell = (over) => {
  running = startTestCell(over);
  return running;
};
afterEach(async () => {
  running?.broker.confirm();
  await running?.close();
  running = undefined;
});

const seqs = (answers: readonly { answer: Answer }[]) =>
  answers.map(({ answer }) => ('seq' in answer ? answer.seq : 'code' in answer ? answer.code : answer.type));
const settledAll = (broker: ReturnType<typeof startTestCell>['broker']) =>
  until('every delivery is settled', () => broker.waiting(shard) === 0);

/** Everything that can happen without the test's doing has happened. */
const settled = async () => {
  for (let pass = 0; pass < 20; pass++) await macrotask();
};

/** The same store, with some of its functions replaced. */
const withStore = (replace: (store: ChatStore) => Partial<ChatStore>) => {
  const { ownership } = openMemoryCell({ shards: 1 });
  return {
    shardCount: 1,
    close: () => ownership.close(),
    begin: async () => {
      const session = await ownership.begin();
      const store = session.store;
      const bound = Object.fromEntries(
        ['home', 'claimHome', 'open', 'keyBlocks', 'entryAt', 'confirmOwnership', 'commit', 'announced'].map((name) => [
          name,
          (store[name as keyof ChatStore] as (...args: unknown[]) => unknown).bind(store),
        ]),
      ) as ChatStore;
      return {
        id: session.id,
        lost: session.lost,
        view: () => session.view(),
        take: session.take.bind(session),
        release: session.release.bind(session),
        leave: () => session.leave(),
        end: () => session.end(),
        store: { ...bound, ...replace(bound) },
      };
    },
  };
};

describe('a chat', () => {
  it('numbers its messages in the order of the queue and announces them in that order', async () => {
    const { broker } = start();
    const ids = Array.from({ length: 200 }, (_, index) => `m-${index}`);
    broker.put(shard, create('c'), ...ids.map((id) => post('c', id)));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', ...ids.map((_, index) => index + 1)]);
    expect(broker.published.slice(1).map(({ answer }) => answer.clientMessageId)).toEqual(ids);
    expect(broker.decided).toHaveLength(201);
  });

  it('rests when it is idle, and goes on from there without reading anything', async () => {
    const read: string[] = [];
    const ownership = withStore((store) => ({
      open: (chatId) => {
        read.push(chatId);
        return store.open(chatId);
      },
    }));
    // Seconds pass in hundredths.
    const clock = { ...realClock, monotonicMs: () => 100 * performance.now() };
    const { broker, system } = start({ ownership, clock, residency: { maxChats: 1_000, idleMs: 1e9 } });
    const rests = () => until('it rests', () => !actorsOf(system).some(({ name }) => name.startsWith('chat-')));
    broker.put(shard, create('c'));
    for (const id of ['a', 'b', 'a', 'c']) {
      broker.put(shard, post('c', id));
      await settledAll(broker);
      await rests();
    }
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 2, 1, 3]);
    expect(read).toEqual(['c']);
  });

  it('answers who creates a direct chat again when its first entry is not kept any more', async () => {
    const { broker } = start({ limits: { windowMicros: micros(Infinity), maxMessages: 2, maxEntries: 1_000 } });
    const wish = { type: 'chat.create', kind: 'direct', settings: {}, memberIds: [userId('2')] } as const;
    const cut = { type: 'chat.trim', bucket: 1, firstSeq: seq(3), firstRev: rev(4) } as const;
    broker.put(shard, command('c', 'create', wish), ...['a', 'b', 'c'].map((id) => post('c', id)));
    broker.put(shard, command('c', 'cut', cut, { sender: 'system' }));
    await settledAll(broker);
    broker.published.splice(0);
    const again = { ...wish, memberIds: [userId('1')] };
    broker.put(shard, command('c', 'again', again, { sender: '2' }), post('c', 'd'));
    await settledAll(broker);
    expect(broker.published.map(({ answer }) => answer)).toMatchObject([
      {
        type: 'chat.created',
        rev: 1,
        senderId: '1',
        clientMessageId: 'again',
        kind: 'direct',
        members: [
          { userId: '1', role: 'owner' },
          { userId: '2', role: 'member' },
        ],
      },
      { type: 'message.posted', seq: 4, rev: 6 },
    ]);
  });

  it('answers a repeat with the first event, byte for byte, long after and from the store', async () => {
    const { broker, memory } = start({ residency: { maxChats: 1_000, idleMs: 0 } });
    const ids = Array.from({ length: 150 }, (_, index) => `m-${index}`);
    broker.put(shard, create('c'), ...ids.map((id) => post('c', id)));
    await settledAll(broker);
    const first = broker.published.splice(0).map(({ answer }) => eventBody(answer));
    await until('the idle chat is passivated', () => running!.cell.status().residentChats === 0);
    broker.put(shard, create('c'), ...ids.map((id) => post('c', id)));
    await settledAll(broker);
    expect(broker.published.map(({ answer }) => eventBody(answer))).toEqual(first);
    expect(broker.published.every(({ replayed }) => replayed)).toBe(true);
    expect((await memory.reader.chat(post('c', 'x').chatId))?.lastSeq).toBe(150);
  });

  it('answers a repeat that comes while the first is on its way, after it', async () => {
    const { broker } = start();
    broker.holdConfirms = true;
    broker.put(shard, create('c'), post('c', 'a'), post('c', 'a'), post('c', 'b'));
    await until('all is published', () => broker.published.length === 4);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 1, 2]);
    expect(broker.settled).toEqual([]);
    broker.confirm();
    await settledAll(broker);
  });

  it('acks nothing before its event is confirmed, and publishes nothing before it is stored', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const ownership = withStore((store) => ({ commit: (decisions) => held.then(() => store.commit(decisions)) }));
    const { broker } = start({ ownership });
    broker.holdConfirms = true;
    broker.put(shard, create('c'), post('c', 'a'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(broker.published).toEqual([]);
    release();
    await until('it is published', () => broker.published.length === 2);
    expect(broker.settled).toEqual([]);
    broker.confirm(1);
    expect(broker.settled.map(({ command }) => command.type)).toEqual(['chat.create']);
    broker.confirm();
    await settledAll(broker);
  });

  it('rejects an id that was used for another command, and leaves the first as it was', async () => {
    const { broker } = start();
    broker.put(shard, create('c'), post('c', 'a', { body: 'one' }), post('c', 'a', { body: 'two' }));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('still knows the first command of an id after the id was used for another, in one turn or in several', async () => {
    const one = post('c', 'a', { body: 'one' });
    const two = post('c', 'a', { body: 'two' });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { broker } = start({
      ownership: withStore((store) => ({ commit: (decisions) => held.then(() => store.commit(decisions)) })),
    });
    broker.put(shard, create('c'), post('c', 'x'), one, two, one);
    for (const command of [two, one, post('c', 'b')]) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      broker.put(shard, command);
    }
    release();
    await settledAll(broker);
    const reused = 'IDEMPOTENCY_KEY_REUSED';
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 2, reused, 2, reused, 2, 3]);
  });

  it('keeps the ids of two senders apart', async () => {
    const { broker } = start();
    broker.put(shard, create('c'), post('c', 'a'), post('c', 'a', { sender: '2' }));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 2]);
  });

  it('rejects a repeat in the seed’s form as the seed does, unless the broker delivered it again', async () => {
    const { broker } = start();
    const seed = post('c', 'a', { seedForm: true });
    broker.put(shard, create('c'));
    await settledAll(broker);
    broker.loseAcks = true;
    broker.put(shard, seed);
    await until('it is published', () => broker.published.length === 2);
    await settled();
    broker.loseAcks = false;
    broker.cut(shard);
    await settledAll(broker);
    broker.put(shard, seed);
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 1, 'IDEMPOTENCY_KEY_REUSED']);
    expect(broker.published.at(-1)?.answer).toMatchObject({ reason: 'Duplicated client_message_id.' });
  });

  it('rejects posts to a chat that does not exist, and decides anew once it does', async () => {
    const { broker } = start();
    broker.put(shard, post('c', 'a'), create('c'), post('c', 'a'));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['CHAT_NOT_FOUND', 'chat.created', 1]);
  });

  it('rejects a stranger and what the policy denies, settles both, and goes on', async () => {
    const policy = {
      decide: async (requests: readonly AccessRequest[]) =>
        requests.map(
          (_, index): AccessDecision =>
            index === 0 ? { effect: 'permit' } : { effect: 'deny', code: 'POLICY_DENIED', reason: 'No.' },
        ),
    };
    const { broker } = start({ policy });
    broker.put(shard, create('c'));
    await settledAll(broker);
    broker.put(shard, post('c', 'a'), post('c', 'b'));
    await settledAll(broker);
    broker.put(shard, post('c', 'c', { sender: '9' }));
    await settledAll(broker);
    broker.put(shard, post('c', 'd'));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 'POLICY_DENIED', 'NOT_A_MEMBER', 2]);
    expect(broker.settled.every(({ how }) => how === 'ack')).toBe(true);
  });

  it('answers a rejection again when its delivery comes again', async () => {
    const { broker } = start();
    broker.loseAcks = true;
    broker.put(shard, post('c', 'a'));
    await until('the rejection is published', () => broker.published.length === 1);
    await settled();
    broker.loseAcks = false;
    broker.cut(shard);
    await settledAll(broker);
    const [first, second] = broker.published;
    expect(second!.answer).toBe(first!.answer);
    expect(second!.replayed).toBe(true);
  });

  it('has one effect for a command that comes again while the reuse of its id is being rejected', async () => {
    const { broker, memory } = start();
    const one = post('c', 'a', { body: 'one' });
    broker.put(shard, create('c'));
    await settledAll(broker);
    broker.loseAcks = true;
    broker.put(shard, one);
    await until('it is published', () => broker.published.length === 2);
    await settled();
    broker.holdConfirms = true;
    broker.put(shard, post('c', 'a', { body: 'two' }));
    await until('the reuse is rejected', () => broker.published.length === 3);
    broker.loseAcks = false;
    broker.cut(shard);
    await until('the first is answered again', () => broker.published.length === 4);
    broker.confirm();
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 'IDEMPOTENCY_KEY_REUSED', 1]);
    expect((await memory.reader.chat(one.chatId))?.lastSeq).toBe(1);
  });

  it('answers a redelivered command with its entry, not with an earlier rejection of the same command', async () => {
    const { broker } = start();
    const command = post('c', 'a');
    broker.put(shard, command, create('c'));
    await settledAll(broker);
    broker.loseAcks = true;
    broker.put(shard, command);
    await until('it is accepted', () => broker.published.length === 3);
    await settled();
    broker.loseAcks = false;
    broker.cut(shard);
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['CHAT_NOT_FOUND', 'chat.created', 1, 1]);
  });

  it('announces a command once however often its channel is lost before the confirm, and settles the last copy', async () => {
    const { broker } = start();
    broker.holdConfirms = true;
    broker.put(shard, create('c'), post('c', 'a'));
    await until('it is published', () => broker.published.length === 2);
    for (let n = 0; n < 20; n++) {
      broker.cut(shard);
      await settled();
    }
    expect(broker.published).toHaveLength(2);
    broker.confirm();
    await settledAll(broker);
    expect(broker.settled.map(({ how }) => how)).toEqual(['ack', 'ack']);
  });

  it('forwards what arrives at another shard than its home, and writes nothing', async () => {
    const { broker, memory } = start({ shards: 2 });
    const home = shardNumber(1);
    await memory.ownership.begin().then((session) => session.store.claimHome(post('c', 'x').chatId, home));
    broker.put(shard, post('c', 'a'), post('c', 'b'));
    await settledAll(broker);
    expect(broker.settled).toMatchObject([
      { how: 'forward', detail: home, command: { clientMessageId: 'a' } },
      { how: 'forward', detail: home, command: { clientMessageId: 'b' } },
    ]);
    expect(broker.published).toEqual([]);
  });

  it('rolls its bucket when it is full, and keeps counting', async () => {
    const placements: unknown[] = [];
    const ownership = withStore((store) => ({
      commit: (decisions) => {
        for (const { outcome } of decisions) if (outcome.kind === 'accepted') placements.push(outcome.placement);
        return store.commit(decisions);
      },
    }));
    const { broker } = start({
      ownership,
      limits: { windowMicros: Number.MAX_SAFE_INTEGER as never, maxMessages: 3, maxEntries: 1_000 },
    });
    broker.put(shard, create('c'), ...['a', 'b', 'c', 'd'].map((id) => post('c', id)));
    await settledAll(broker);
    expect(placements).toMatchObject([
      { bucket: 0, opens: { firstSeq: 1, firstRev: 1 }, nextSeq: 1, nextRev: 2 },
      { bucket: 0, opens: null, nextSeq: 2 },
      { bucket: 0, opens: null, nextSeq: 3 },
      { bucket: 0, opens: null, nextSeq: 4 },
      { bucket: 1, opens: { firstSeq: 4, firstRev: 5 }, nextSeq: 5, nextRev: 6 },
    ]);
  });
});

describe('when something fails', () => {
  it('holds commands while the policy cannot decide: no permit, no denial, nothing lost', async () => {
    let failing = true;
    const policy = {
      decide: async (requests: readonly unknown[]) => {
        if (failing) throw new Error('no policy');
        return requests.map(() => ({ effect: 'permit' as const }));
      },
    };
    const { broker } = start({ policy });
    broker.put(shard, create('c'), post('c', 'a'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(broker.published).toEqual([]);
    failing = false;
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1]);
  });

  it('asks the store again until it can read a chat', async () => {
    let failures = 3;
    const ownership = withStore((store) => ({
      open: async (id) => {
        if (failures-- > 0) throw new Error('store away');
        return store.open(id);
      },
    }));
    const { broker } = start({ ownership });
    broker.put(shard, create('c'), post('c', 'a'));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1]);
  });

  it('keeps about two windows in its mailbox, however often the channel is lost while the store does not answer', async () => {
    let answer = () => {};
    const answers = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const ownership = withStore((store) => ({ home: (id) => answers.then(() => store.home(id)) }));
    const { broker, cell } = start({ ownership });
    const window = 256;
    const ids = Array.from({ length: window - 1 }, (_, index) => `m-${index}`);
    broker.put(shard, create('c'), ...ids.map((id) => post('c', id)));
    await until('the commands wait', () => cell.status().waiting === window);
    for (let n = 0; n < 50; n++) {
      broker.cut(shard);
      await settled();
      expect(cell.status().waiting).toBeGreaterThanOrEqual(window);
      expect(cell.status().waiting).toBeLessThanOrEqual(2 * window + 128);
    }
    answer();
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', ...ids.map((_, index) => index + 1)]);
    expect(broker.published.slice(1).map(({ answer }) => answer.clientMessageId)).toEqual(ids);
    expect(broker.settledTwice).toEqual([]);
  });

  it('announces nothing and acks nothing while the store takes no decision, and goes on when it does', async () => {
    let take = () => {};
    const taking = new Promise<void>((resolve) => {
      take = resolve;
    });
    const ownership = withStore((store) => ({ commit: (decisions) => taking.then(() => store.commit(decisions)) }));
    const { broker } = start({ ownership });
    broker.put(shard, create('c'), post('c', 'a'), post('c', 'b'));
    await settled();
    broker.cut(shard);
    await settled();
    expect([broker.published, broker.settled]).toEqual([[], []]);
    take();
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 2]);
  });

  it('dead-letters the command that crashes its actor three times, and only that one', async () => {
    const ownership = withStore((store) => ({
      commit: (decisions) => {
        if (decisions.some((decision) => answerOf(decision).clientMessageId === 'poison'))
          throw new RangeError('too big');
        return store.commit(decisions);
      },
    }));
    const { broker } = start({ ownership });
    broker.put(shard, create('c'), post('c', 'a'), post('c', 'poison'), post('c', 'b'));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 2]);
    expect(broker.settled.filter(({ how }) => how === 'dead-letter')).toMatchObject([
      {
        command: { clientMessageId: 'poison' },
        detail: expect.stringContaining('crashed the service 3 times: too big'),
      },
    ]);
  });

  it('begins a new session when one is lost: nothing of it is answered twice or doubled', async () => {
    const { broker, memory, cell } = start();
    broker.put(shard, create('c'), post('c', 'a'));
    await settledAll(broker);
    broker.holdConfirms = true;
    broker.put(shard, post('c', 'b'));
    await until('b is published', () => broker.published.length === 3);
    const lost = cell.status().session!;
    memory.ownership.lose({ id: lost } as never);
    broker.holdConfirms = false;
    await until('another session is begun', () => ![undefined, lost].includes(cell.status().session));
    await settledAll(broker);
    expect(seqs(broker.published)).toEqual(['chat.created', 1, 2, 2]);
    expect(eventBody(broker.published[2]!.answer)).toBe(eventBody(broker.published[3]!.answer));
  });
});
