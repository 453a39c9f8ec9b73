import { type Decision, type Outcome, type Placement, rejectionOf } from '../../src/application/decision.ts';
import type { OpenBucket } from '../../src/application/ports/chat-store.ts';
import type { Tenure } from '../../src/application/ports/ownership.ts';
import { KeyLog, keysPerBlock } from '../../src/application/turn/key-log.ts';
import type { ChatState } from '../../src/domain/chat/chat-state.ts';
import type { ChatKind, Command } from '../../src/domain/chat/command.ts';
import { decide, evolve } from '../../src/domain/chat/decide.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import type { Rejection } from '../../src/domain/chat/rejection.ts';
import { type ChatId, clientMessageId, type Micros, micros, rev, seq, userId } from '../../src/domain/ids.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';

/** Counts the decisions of one tenure, over all its chats. */
export type Numbering = Tenure & { next(): number };

export const numbering = (tenure: Tenure): Numbering => {
  let n = 0;
  return { ...tenure, next: () => ++n };
};

/** What any command of a test may say about itself; the rest is made up. */
type Told = { sender?: string; clientMessageId?: string; sentAt?: string; at?: Micros };

export type CreateOptions = Told & { kind?: ChatKind; title?: string; members?: readonly string[] };
export type PostOptions = Told & { body?: string; withoutKeys?: boolean };

const firstMicros = 1_795_428_000_123_457;

/** Decides for one chat as its only writer would: dense seq and rev, a key blob at every 64th entry, buckets on demand. */
export class ChatWriter {
  readonly chatId: ChatId;
  /** Everything decided so far: what a store must give back. */
  readonly entries: Entry[] = [];
  readonly buckets: OpenBucket[] = [];
  readonly keys = new KeyLog(rev(1));
  state: ChatState | undefined;
  #numbering: Numbering;
  #rolls = true;

  constructor(chatId: ChatId, numbers: Numbering) {
    this.chatId = chatId;
    this.#numbering = numbers;
  }

  /** Goes on in another tenure. */
  under(numbers: Numbering): this {
    this.#numbering = numbers;
    return this;
  }

  /** The next entry opens a new bucket. */
  rollBucket(): void {
    this.#rolls = true;
  }

  create({ kind = 'group', title, members = ['2', '3'], ...told }: CreateOptions = {}): Decision {
    const memberIds = members.map(userId);
    return this.#accept({ ...this.#command(told), type: 'chat.create', kind, title, memberIds }, told.at, false);
  }

  post({ body = `message ${this.entries.length}`, withoutKeys = false, ...told }: PostOptions = {}): Decision {
    return this.#accept(this.#postCommand(body, told), told.at, withoutKeys);
  }

  posts(count: number, options: PostOptions = {}): Decision[] {
    return Array.from({ length: count }, () => this.post(options));
  }

  reject(rejection: Rejection, { body = 'unwanted', ...told }: PostOptions = {}): Decision {
    const at = this.#at(told.at);
    const rejected = rejectionOf(this.#postCommand(body, told), rejection, told.sentAt ?? 'now', at);
    return this.#decision({ kind: 'rejected', rejected });
  }

  #at(given: Micros | undefined): Micros {
    return given ?? micros(firstMicros + this.entries.length * 1_000_003);
  }

  #command({ sender = '1', sentAt, clientMessageId: id = `c-${this.entries.length}` }: Told) {
    return {
      chatId: this.chatId,
      senderId: userId(sender),
      clientMessageId: clientMessageId(id),
      fingerprint: `fingerprint-${id}`,
      sentAt,
    };
  }

  #postCommand(body: string, told: Told): Command {
    return { ...this.#command(told), type: 'message.post', body, recipientId: undefined, seedForm: false };
  }

  #accept(command: Command, given: Micros | undefined, withoutKeys: boolean): Decision {
    const at = this.#at(given);
    const verdict = decide(this.state, command, { effect: 'permit' }, at);
    if (verdict.kind !== 'accepted') throw new Error(`the test's own command was not accepted: ${verdict.kind}`);
    const { entries } = verdict;
    const opens = this.#open(entries[0]!, at);
    let state = this.state;
    for (const entry of entries) {
      state = evolve(state, entry);
      this.entries.push(entry);
      const hash = keyHash(entry.senderId, entry.clientMessageId);
      this.keys.append(hash, entry.type === 'message.posted' ? entry.seq : undefined);
    }
    this.state = state;
    const { nextSeq, nextRev } = state!;
    const placement: Placement = {
      bucket: this.buckets.length - 1,
      nextSeq,
      nextRev,
      opens,
      keys: withoutKeys ? null : this.#completedBlock(),
    };
    return this.#decision({ kind: 'accepted', entries, placement });
  }

  #open(entry: Entry, startedAt: Micros): Placement['opens'] {
    if (!this.#rolls) return null;
    this.#rolls = false;
    const opens = { firstSeq: this.state?.nextSeq ?? seq(1), firstRev: entry.rev, startedAt };
    this.buckets.push({ bucket: this.buckets.length, ...opens });
    return opens;
  }

  #completedBlock(): Placement['keys'] {
    const last = this.keys.nextRev - 1;
    if (last % keysPerBlock !== 0) return null;
    const firstRev = rev(last - keysPerBlock + 1);
    return { firstRev, blob: Buffer.from(this.keys.block(firstRev)).toString('base64') };
  }

  #decision(outcome: Outcome): Decision {
    const { shard, epoch } = this.#numbering;
    return { v: 1, chatId: this.chatId, shard, epoch, n: this.#numbering.next(), outcome };
  }
}

/** The same decision with another text in its message, whether or not anybody would have accepted it. */
export const withBody = (decision: Decision, body: string): Decision => {
  const { outcome } = decision;
  if (outcome.kind === 'rejected') throw new Error('a rejected command has no message');
  const entries = outcome.entries.map((entry) => (entry.type === 'message.posted' ? { ...entry, body } : entry));
  return { ...decision, outcome: { ...outcome, entries } };
};
