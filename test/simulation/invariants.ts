import { type Answer, answerOf, type Decision, isEntry } from '../../src/application/decision.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import type { Seq } from '../../src/domain/ids.ts';
import { decodeGroup } from '../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { erasedEntry } from '../../src/infrastructure/store-kit/erased-entry.ts';
import { eventBody, eventIdOf } from '../../src/interface-adapters/amqp/event-json.ts';
import { contradicts } from './built-upon.ts';
import type { StoreWitness } from './fake-cassandra.ts';
import type { BrokerWitness } from './fake-rabbit.ts';
import { keyOf, nameOf, short } from './naming.ts';
import type { Owner } from './scheduler.ts';

export type Violation = { readonly invariant: string; readonly text: string; readonly chat: string | undefined };
/** `ordered`: it came by the way its chat was created on, or when that was done. A post that overtakes the creation of its chat on
 *  another queue is promised no order (I3: while routing is stable). */
export type Published = { readonly command: Command; readonly shard: number; readonly ordered: boolean };

/** Sees everything that the servers really did, and knows what it must have been (DESIGN §1). */
export class Invariants implements StoreWitness, BrokerWitness {
  readonly violations: Violation[] = [];
  readonly #trace: (chat: string | undefined, text: () => string) => void;
  /** What was published, by key, in the order in which the queues accepted it first. */
  readonly #published = new Map<string, Published>();
  readonly #bornAt = new Map<string, number>();
  /** Sent again to another queue: no order binds them. */
  readonly #rerouted = new Set<string>();
  /** What has happened: accepted decisions per chat, in order; and the bodies of all events that may be. */
  readonly log = new Map<string, Answer[]>();
  readonly #accepted = new Map<string, Answer>();
  readonly #events = new Map<string, Set<string>>();
  /** By logical time; `pos`: the last group that holds it. */
  readonly #times = new Map<string, { session: string; text: string; pos: number }>();
  readonly #epochs = new Map<number, { epoch: number; session: string }>();
  readonly #groups = new Map<string, Decision[][]>();
  readonly #done = new Map<string, number>();
  /** By session and slot, the group that is there. */
  readonly #slots = new Map<string, number>();
  /** By chat and rev, the session that decided it. */
  readonly #deciders = new Map<string, string[]>();
  /** What the broker has taken. */
  readonly #taken = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #rejected = new Set<string>();
  /** Whose confirm is being heard. */
  #confirming: Answer | undefined;
  /** By chat, the last rev of a consumer that takes an event only after its predecessor. */
  readonly #consumed = new Map<string, number>();
  readonly #deadLetters = new Set<string>();
  /** Replicas that hold an entry, as bits. */
  readonly #held = new Map<string, number>();
  readonly counts = {
    journaled: 0,
    rejected: 0,
    events: 0,
    acks: 0,
    takes: 0,
    fences: 0,
    carried: 0,
    ringed: 0,
    mostOpen: 0,
  };

  constructor(trace: (chat: string | undefined, text: () => string) => void) {
    this.#trace = trace;
  }

  #violated(invariant: string, text: string, chat?: string): void {
    this.#trace(chat, () => `VIOLATION ${invariant}: ${text}`);
    this.violations.push({ invariant, text, chat });
  }

  published(shard: number, command: Command): void {
    const key = keyOf(command);
    this.#trace(command.chatId, () => `published ${command.clientMessageId} to queue ${shard}`);
    const first = this.#published.get(key);
    if (command.type === 'chat.create' && !this.#bornAt.has(command.chatId)) this.#bornAt.set(command.chatId, shard);
    const ordered = this.log.has(command.chatId) || this.#bornAt.get(command.chatId) === shard;
    if (first === undefined) this.#published.set(key, { command, shard, ordered });
    else if (first.shard !== shard) this.#rerouted.add(key);
  }

  applied(query: string, params: readonly unknown[], owner: Owner): void {
    if (query === journalQueries.append) this.#appended(params, owner);
    else if (query === journalQueries.beat) this.#doneUpTo(params[2] as string, params[1] as number);
    else if (query === journalQueries.fence) {
      this.counts.fences++;
      this.#trace(undefined, () => `session ${short(params[0])} fenced by ${owner.name}`);
    } else if (query.startsWith('UPDATE shards SET owner = ?')) {
      this.counts.takes++;
      this.#trace(
        undefined,
        () => `${owner.name} ${short(params[0])} takes shard ${params[2]} with epoch ${params[1]}`,
      );
    } else if (query.startsWith('UPDATE shards'))
      this.#trace(undefined, () => `${owner.name} frees shard ${params[0]}`);
  }

  #appended(params: readonly unknown[], owner: Owner): void {
    const [, donePos, pos, payload, session, slot] = params as [number, number, number, Buffer, string, number];
    const decisions = decodeGroup(payload);
    const groups = this.#groups.get(session) ?? [];
    this.#groups.set(session, groups);
    groups[pos] = decisions;
    for (const decision of decisions) this.#decided(decision, session, pos, owner);
    this.#doneUpTo(session, donePos);
    this.counts.mostOpen = Math.max(this.counts.mostOpen, pos - donePos);
    const place = `${session}/${slot}`;
    const former = this.#slots.get(place);
    this.#slots.set(place, pos);
    if (former === undefined) return;
    this.counts.ringed++;
    if (former >= (this.#done.get(session) ?? 0))
      this.#violated('I1', `group ${pos} overwrites group ${former}, which is not done, in slot ${slot}`);
  }

  #decided(decision: Decision, session: string, pos: number, owner: Owner): void {
    const { chatId, shard, epoch, outcome } = decision;
    const answer = answerOf(decision);
    const time = timeOf(decision);
    const text = JSON.stringify(decision);
    this.#trace(chatId, () => `journaled ${time} by ${owner.name} ${short(session)}: ${nameOf(answer)}`);
    const same = this.#times.get(time);
    if (same !== undefined) {
      if (same.text !== text || same.session !== session) this.#violated('I5', `two decisions at ${time}`, chatId);
      if (same.pos !== pos) this.counts.carried++;
      same.pos = pos;
      return;
    }
    this.#times.set(time, { session, text, pos });
    const tenure = this.#epochs.get(shard);
    if (tenure !== undefined && tenure.epoch > epoch)
      this.#violated('I5', `epoch ${epoch} of shard ${shard} decides after epoch ${tenure.epoch}`, chatId);
    if (tenure?.epoch === epoch && tenure.session !== session)
      this.#violated('I5', `two sessions decide in epoch ${epoch} of shard ${shard}`, chatId);
    this.#epochs.set(shard, { epoch, session });
    this.counts.journaled++;
    if (outcome.kind === 'rejected') this.counts.rejected++;
    const key = keyOf(answer);
    if (!this.#published.has(key)) this.#violated('I2', `decided, but nobody sent it: ${nameOf(answer)}`, chatId);
    const id = eventIdOf(answer);
    if (outcome.kind === 'accepted') {
      const log = this.log.get(chatId) ?? [];
      this.log.set(chatId, log);
      const next = log.length + 1;
      if (!isEntry(answer) || answer.rev !== next)
        this.#violated('I3', `${nameOf(answer)} where rev ${next} was due`, chatId);
      if (isEntry(answer)) {
        const contradiction = contradicts(log.filter(isEntry), answer);
        if (contradiction !== undefined) this.#violated('I4', `${nameOf(answer)} says ${contradiction}`, chatId);
      }
      log.push(answer);
      const deciders = this.#deciders.get(chatId) ?? [];
      this.#deciders.set(chatId, deciders);
      deciders.push(session);
      const first = this.#accepted.get(key);
      if (first !== undefined) this.#violated('I4', `two entries: ${nameOf(first)} and ${nameOf(answer)}`, chatId);
      this.#accepted.set(key, answer);
      if (isEntry(answer) && answer.type === 'message.erased') this.#erased(log.filter(isEntry), answer.seqs);
    }
    const bodies = this.#events.get(id) ?? new Set();
    this.#events.set(id, bodies.add(eventBody(answer)));
  }

  /** Who asks again about an erased message hears what is left of it. */
  #erased(log: readonly Entry[], seqs: readonly Seq[]): void {
    for (const entry of log)
      if ('seq' in entry && seqs.includes(entry.seq))
        this.#events.get(eventIdOf(entry))?.add(eventBody(erasedEntry(entry)));
  }

  /** Groups up to `pos` will never be replayed: their events must be out, or a later group carries them. */
  #doneUpTo(session: string, pos: number): void {
    const groups = this.#groups.get(session) ?? [];
    for (let group = this.#done.get(session) ?? 0; group <= pos; group++) {
      for (const decision of groups[group] ?? []) {
        const answer = answerOf(decision);
        if (this.#times.get(timeOf(decision))!.pos <= pos && !this.#taken.has(eventBody(answer)))
          this.#violated(
            'I1',
            `group ${group} counts as done, but its event is not out: ${nameOf(answer)}`,
            answer.chatId,
          );
      }
      this.#done.set(session, group + 1);
    }
  }

  projected(table: string, values: ReadonlyMap<string, unknown>, replica: number): void {
    if ((table !== 'messages' && table !== 'changes') || !values.has('rev')) return;
    const [chat, rev] = [values.get('chat_id') as string, values.get('rev') as number];
    const entry = this.log.get(chat)?.[rev - 1];
    if (entry?.clientMessageId !== values.get('client_message_id'))
      this.#violated('I2', `a row that is not journaled: rev ${rev}, ${values.get('client_message_id')}`, chat);
    const id = `${chat}/${rev}`;
    this.#held.set(id, (this.#held.get(id) ?? 0) | (1 << replica));
  }

  taken(answer: Answer, owner: Owner): void {
    this.counts.events++;
    const { chatId } = answer;
    this.#trace(chatId, () => `event out, from ${owner.name}: ${nameOf(answer)}`);
    const body = eventBody(answer);
    const bodies = this.#events.get(eventIdOf(answer));
    if (bodies === undefined) this.#violated('I2', `an event that is not journaled: ${nameOf(answer)}`, chatId);
    else if (!bodies.has(body)) this.#violated('I4', `an event came again in other words: ${nameOf(answer)}`, chatId);
    if (isEntry(answer) && !this.#taken.has(body)) this.#formerOwnersCameFirst(answer);
    this.#taken.add(body);
    this.#answered.add(keyOf(answer));
    if (!isEntry(answer)) this.#rejected.add(keyOf(answer));
    else if (answer.rev === (this.#consumed.get(chatId) ?? 0) + 1) this.#consumed.set(chatId, answer.rev);
  }

  /** Whatever former owners of the chat had decided was announced before its owner came to be. */
  #formerOwnersCameFirst(entry: Answer & { rev: number }): void {
    const { chatId, rev } = entry;
    const log = this.log.get(chatId) ?? [];
    const deciders = this.#deciders.get(chatId) ?? [];
    const decider = deciders[rev - 1];
    for (let earlier = rev - 1; earlier >= 1; earlier--) {
      if (deciders[earlier - 1] === decider || this.#taken.has(eventBody(log[earlier - 1]!))) continue;
      this.#violated('I3', `${nameOf(entry)} is out before ${nameOf(log[earlier - 1]!)} of a former owner`, chatId);
      return;
    }
  }

  acking(command: Command, owner: Owner): void {
    this.counts.acks++;
    const { chatId, clientMessageId } = command;
    this.#trace(chatId, () => `${owner.name} acks ${clientMessageId}`);
    const answer = this.#confirming;
    if (answer === undefined) {
      this.#violated('I6', `acked, but the confirm of its event was not heard: ${clientMessageId}`, chatId);
      return;
    }
    // Who creates a chat that exists is answered with its first entry.
    const isItsOwn =
      keyOf(answer) === keyOf(command) || (command.type === 'chat.create' && answer.type === 'chat.created');
    if (!isItsOwn)
      this.#violated('I6', `${clientMessageId} was acked for the event of another: ${nameOf(answer)}`, chatId);
    if (!this.#taken.has(eventBody(answer)))
      this.#violated('I6', `acked, but its event is not out: ${nameOf(answer)}`, chatId);
    if (!isEntry(answer)) return;
    const bits = this.#held.get(`${chatId}/${answer.rev}`) ?? 0;
    if (bits === 0 || (bits & (bits - 1)) === 0)
      this.#violated('I6', `acked, but not every quorum has the row: ${nameOf(answer)}`, chatId);
  }

  /** The delivery that is acked while this is being heard is acked for it. */
  confirming(answer: Answer | undefined): void {
    this.#confirming = answer;
  }

  deadLettered(command: Command, reason: string): void {
    this.#trace(command.chatId, () => `dead letter ${command.clientMessageId}: ${reason}`);
    this.#deadLetters.add(keyOf(command));
    this.#violated('I9', `a good command was dead-lettered: ${reason}`, command.chatId);
  }

  /** When everything is said to be done. */
  atRest(): void {
    for (const [key, { command }] of this.#published)
      if (!this.#answered.has(key) && !this.#deadLetters.has(key))
        this.#violated('I1', `no outcome was announced: ${command.clientMessageId}`, command.chatId);
    for (const [chat, log] of this.log) {
      const seen = this.#consumed.get(chat) ?? 0;
      if (seen !== log.length) this.#violated('I1', `an ordered consumer stands at rev ${seen} of ${log.length}`, chat);
    }
    const last = new Map<string, { rev: number; name: string }>();
    for (const [key, { command, shard, ordered }] of this.#published) {
      if (!ordered) continue;
      const entry = this.#accepted.get(key);
      if (
        command.type !== 'message.post' ||
        entry === undefined ||
        !isEntry(entry) ||
        this.#rejected.has(key) ||
        this.#rerouted.has(key)
      )
        continue;
      const route = `${command.chatId}/${shard}`;
      const earlier = last.get(route);
      if (earlier !== undefined && earlier.rev > entry.rev)
        this.#violated('I3', `${nameOf(entry)} was accepted by the queue after ${earlier.name}`, command.chatId);
      last.set(route, { rev: entry.rev, name: nameOf(entry) });
    }
  }

  found(invariant: string, text: string, chat?: string): void {
    this.#violated(invariant, text, chat);
  }
}

/** Names a decision. */
const timeOf = ({ shard, epoch, n }: Decision): string => `${shard}/${epoch}/${n}`;
