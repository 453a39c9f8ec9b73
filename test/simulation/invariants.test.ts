import { describe, expect, it } from 'vitest';
import { answerOf, type Decision } from '../../src/application/decision.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import { chatId, shardNumber } from '../../src/domain/ids.ts';
import { encodeGroup, journalJson } from '../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { ChatWriter, numbering } from '../support/decisions.ts';
import { Invariants } from './invariants.ts';
import { world } from './scheduler.ts';

const tenure = (epoch: number) => numbering({ shard: shardNumber(0), epoch });
/** Whatever a decision answers, as it was sent. */
const commandOf = (decision: Decision) => answerOf(decision) as unknown as Command;

class Run {
  readonly invariants = new Invariants(() => {});
  readonly chat = new ChatWriter(chatId('chat1'), tenure(1));
  readonly #next: Record<string, number> = {};

  send(...decisions: Decision[]): void {
    for (const decision of decisions) this.invariants.published(0, commandOf(decision));
  }
  append(session: string, decision: Decision): void {
    const pos = this.#next[session] ?? 0;
    this.#next[session] = pos + 1;
    const payload = encodeGroup([journalJson(decision)]);
    this.invariants.applied(journalQueries.append, [pos + 1, -1, pos, payload, session, pos, pos], world);
  }
  announce(decision: Decision): void {
    this.invariants.taken(answerOf(decision), world);
  }
  get said(): string[] {
    return this.invariants.violations.map(({ invariant, text }) => `${invariant} ${text}`);
  }
}

/** Those checks that no broken variant reaches first: another one is always quicker. */
describe('The invariants', () => {
  it('accept what was sent, decided once by one owner after the other, and announced in order', () => {
    const run = new Run();
    const [first, second] = [run.chat.create(), run.chat.post()];
    const third = run.chat.under(tenure(2)).post();
    run.send(first, second, third);
    for (const decision of [first, second]) run.append('one', decision);
    run.append('two', third);
    for (const decision of [first, second, third]) run.announce(decision);
    run.invariants.atRest();
    expect(run.said).toEqual([]);
  });

  it('notice a decision on what nobody has sent', () => {
    const run = new Run();
    run.append('one', run.chat.create());
    expect(run.said).toEqual(['I2 decided, but nobody sent it: chat1 rev 1 (c-0)']);
  });

  it('notice two sessions in one epoch, and a decision of an epoch that is over', () => {
    const run = new Run();
    const [first, second] = [run.chat.create(), run.chat.post()];
    const third = run.chat.under(tenure(2)).post();
    const fourth = run.chat.under({ ...tenure(1), next: () => 9 }).post();
    run.send(first, second, third, fourth);
    run.append('one', first);
    for (const decision of [second, third]) run.append('two', decision);
    run.append('one', fourth);
    expect(run.said).toEqual([
      'I5 two sessions decide in epoch 1 of shard 0',
      'I5 epoch 1 of shard 0 decides after epoch 2',
    ]);
  });

  it('notice an event that comes before one of a former owner', () => {
    const run = new Run();
    const first = run.chat.create();
    const second = run.chat.under(tenure(2)).post();
    run.send(first, second);
    run.append('one', first);
    run.append('two', second);
    run.announce(second);
    expect(run.said).toEqual(['I3 chat1 rev 2 (c-1) is out before chat1 rev 1 (c-0) of a former owner']);
  });

  it('notice a command without an outcome, and an ordered consumer that stands', () => {
    const run = new Run();
    const [first, second] = [run.chat.create(), run.chat.post()];
    run.send(first, second);
    for (const decision of [first, second]) run.append('one', decision);
    run.announce(second);
    run.invariants.atRest();
    expect(run.said).toEqual(['I1 no outcome was announced: c-0', 'I1 an ordered consumer stands at rev 0 of 2']);
  });

  it('notice a good command among the dead letters', () => {
    const run = new Run();
    run.invariants.deadLettered(commandOf(run.chat.create()), 'crashed');
    expect(run.said).toEqual(['I9 a good command was dead-lettered: crashed']);
  });
});
