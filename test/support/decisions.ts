import type { Decision, RejectedCommand } from '../../src/application/decision.ts';
import type { MessageView } from '../../src/application/ports/chat-reader.ts';
import type { OpenBucket } from '../../src/application/ports/chat-store.ts';
import type { Tenure } from '../../src/application/ports/ownership.ts';
import { decideCommand, type LogicalClock, reject } from '../../src/application/turn/decide-command.ts';
import type { KeyLog } from '../../src/application/turn/key-log.ts';
import { noRateLimits } from '../../src/application/turn/rate-limit.ts';
import { type ResidentChat, residentChat } from '../../src/application/turn/resident-chat.ts';
import type { AccessDecision } from '../../src/domain/access/access-request.ts';
import type { ChatKind, ChatSettings, ChatState } from '../../src/domain/chat/chat-state.ts';
import type { Command, EraseMessages } from '../../src/domain/chat/command.ts';
import type { Entry, Extras, MessagePosted } from '../../src/domain/chat/entry.ts';
import { evolveTarget, posted, type Target } from '../../src/domain/chat/message-state.ts';
import type { Rejection } from '../../src/domain/chat/rejection.ts';
import type { Role } from '../../src/domain/chat/roster.ts';
import { systemSender } from '../../src/domain/chat/system-sender.ts';
import { type ChatId, clientMessageId, type Micros, micros, type Seq, seq, userId } from '../../src/domain/ids.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';

/** Counts the decisions of one tenure, over all its chats. */
export type Numbering = Tenure & { next(): number };

export const numbering = (tenure: Tenure): Numbering => {
  let n = 0;
  return { ...tenure, next: () => ++n };
};

/** What any command of a test may say about itself; the rest is made up. */
export type Told = { sender?: string; clientMessageId?: string; sentAt?: string; at?: Micros };

export type CreateOptions = Told & {
  kind?: ChatKind;
  title?: string;
  settings?: Partial<ChatSettings>;
  members?: readonly string[];
};
export type PostOptions = Told & { body?: string; extras?: Extras; withoutKeys?: boolean };

type EveryOmit<T, Keys extends PropertyKey> = T extends unknown ? Omit<T, Keys> : never;
/** What a command asks for, whoever sends it. */
export type Wish = EveryOmit<Command, Exclude<keyof EraseMessages, 'type' | 'userId' | 'seqs'>>;

/** What a message can have besides its text, but an answer to another. */
export const someExtras: Extras = {
  replyTo: null,
  mentions: [userId('2')],
  mentionsAll: true,
  attachments: [{ url: 'https://files.example/1', name: 'Öl 🛢.png', mediaType: 'image/png', size: 12_345 }],
};

const firstMicros = 1_795_428_000_123_457;
const neverRolls = { windowMicros: micros(Infinity), maxMessages: Infinity, maxEntries: Infinity };
const rollsNow = { ...neverRolls, windowMicros: micros(-Infinity) };

/** Decides for one chat as its only writer would, by the service's own rules: dense seq and rev, a key blob at every 64th entry; buckets
 *  on demand. Whatever is asked for is permitted. It is also the model that stores are compared with: it folds every entry. */
export class ChatWriter {
  readonly chatId: ChatId;
  /** Everything decided so far. */
  readonly entries: Entry[] = [];
  /** All that were ever opened. */
  readonly buckets: OpenBucket[] = [];
  readonly #chat: ResidentChat;
  readonly #posts = new Map<Seq, MessagePosted>();
  readonly #users = new Set<string>();
  #numbering: Numbering;
  #rolls = false;
  readonly #permits = permits();

  constructor(chatId: ChatId, numbers: Numbering) {
    this.chatId = chatId;
    this.#numbering = numbers;
    this.#chat = residentChat(chatId, undefined, keyHash, noRateLimits);
  }

  get state(): ChatState | undefined {
    return this.#chat.state;
  }
  get keys(): KeyLog {
    return this.#chat.keys;
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

  create({ kind = 'group', title, settings, members = ['2', '3'], ...told }: CreateOptions = {}): Decision {
    const wished = { ...(title !== undefined && { title }), ...settings };
    return this.decide({ type: 'chat.create', kind, settings: wished, memberIds: members.map(userId) }, told);
  }

  post({ body = `message ${this.entries.length}`, extras, withoutKeys = false, ...told }: PostOptions = {}): Decision {
    const decision = this.decide(postWish(body, extras), told);
    return withoutKeys ? withoutKeyBlock(decision) : decision;
  }

  posts(count: number, options: PostOptions = {}): Decision[] {
    return Array.from({ length: count }, () => this.post(options));
  }

  update(settings: Partial<ChatSettings>, told?: Told): Decision {
    return this.decide({ type: 'chat.update', settings }, told);
  }

  addMember(user: string, { role = 'member', ...told }: Told & { role?: Role } = {}): Decision {
    return this.decide({ type: 'member.add', userId: userId(user), role }, told);
  }

  removeMember(user: string, told?: Told): Decision {
    return this.decide({ type: 'member.remove', userId: userId(user) }, told);
  }

  setRole(user: string, role: Role, told?: Told): Decision {
    return this.decide({ type: 'member.set_role', userId: userId(user), role }, told);
  }

  mute(user: string, until: Micros | null, told?: Told): Decision {
    return this.decide({ type: 'member.mute', userId: userId(user), until }, told);
  }

  edit(at: number, body: string, told?: Told): Decision {
    return this.decide({ type: 'message.edit', seq: seq(at), body, ifVersion: undefined }, told);
  }

  deleteMessage(at: number, scope: 'everyone' | 'me' = 'everyone', told?: Told): Decision {
    return this.decide({ type: 'message.delete', seq: seq(at), scope }, told);
  }

  erase(user: string, seqs: readonly number[], told?: Told): Decision {
    return this.decide({ type: 'message.erase', userId: userId(user), seqs: seqs.map(seq) }, told);
  }

  react(at: number, emoji: string, told?: Told): Decision {
    return this.decide({ type: 'reaction.add', seq: seq(at), emoji }, told);
  }

  unreact(at: number, emoji: string, told?: Told): Decision {
    return this.decide({ type: 'reaction.remove', seq: seq(at), emoji }, told);
  }

  /** Drops the buckets below this one. */
  trim(bucket: number, told?: Told): Decision {
    const { firstSeq, firstRev } = this.buckets[bucket]!;
    return this.decide({ type: 'chat.trim', bucket, firstSeq, firstRev }, told);
  }

  /** The decision about a command that has to be accepted. */
  decide(wish: Wish, told: Told = {}): Decision {
    const decision = this.attempt(wish, told);
    if (decision === 'exists') throw new Error('the test’s own chat exists already');
    if (decision.outcome.kind === 'rejected') {
      const { code, reason } = decision.outcome.rejected;
      throw new Error(`the test’s own ${wish.type} was rejected: ${code}, ${reason}`);
    }
    return decision;
  }

  /** The decision about a command that may be rejected. */
  attempt(wish: Wish, told: Told = {}): Decision | 'exists' {
    const command = this.#command(wish, told);
    const at = this.#at(told.at);
    const hash = keyHash(command.senderId, command.clientMessageId);
    const grounds = {
      access: this.#permits[this.entries.length % this.#permits.length]!,
      at,
      targets: this.#targets(command),
    };
    const limits = this.#rolls ? rollsNow : neverRolls;
    const decision = decideCommand(this.#chat, command, hash, grounds, this.#clock(), limits);
    if (decision !== 'exists' && decision.outcome.kind === 'accepted') this.#remember(decision.outcome.entries);
    return decision;
  }

  reject(
    rejection: Rejection,
    { body = 'unwanted', ...told }: PostOptions = {},
  ): Decision & {
    readonly outcome: { readonly kind: 'rejected'; readonly rejected: RejectedCommand };
  } {
    const decision = reject(this.#command(postWish(body), told), rejection, this.#clock(), this.#at(told.at));
    return decision as ReturnType<ChatWriter['reject']>;
  }

  /** The log that a store still has: nothing below what is kept, and no text of what was erased or is not kept any more. */
  get kept(): readonly Entry[] {
    const erased = new Set(this.entries.flatMap((entry) => (entry.type === 'message.erased' ? entry.seqs : [])));
    const { firstRev = 1, firstSeq = 1 } = this.state ?? {};
    const isBlank = (entry: Entry) => 'seq' in entry && (entry.seq < firstSeq || erased.has(entry.seq));
    return this.entries
      .filter((entry) => entry.rev >= firstRev)
      .map((entry) => (isBlank(entry) ? withoutText(entry) : entry));
  }

  /** A message as it is now, as one user's decision would see it. */
  target(at: number, user = '1'): Target | undefined {
    const post = this.#posts.get(seq(at));
    if (post === undefined || this.state === undefined || at < this.state.firstSeq) return undefined;
    const { bucket } = this.buckets.findLast(({ firstSeq }) => firstSeq <= at)!;
    const start: Target = { message: posted(post), own: [], bucket };
    return this.entries.reduce((target, entry) => evolveTarget(target, entry, userId(user)), start);
  }

  view(at: number): MessageView | undefined {
    const target = this.target(at);
    return target && { ...target.message, chatId: this.chatId, recipients: this.#posts.get(seq(at))!.recipients };
  }

  /** Every message that is kept, oldest first. */
  get views(): readonly MessageView[] {
    return [...this.#posts.keys()].map((at) => this.view(at)).filter((view) => view !== undefined);
  }

  /** Who has reacted to a message, in the order of their ids. */
  reactionsTo(at: number): readonly { userId: string; emoji: readonly string[] }[] {
    return [...this.#users]
      .sort()
      .map((user) => ({ userId: user, emoji: this.target(at, user)?.own ?? [] }))
      .filter(({ emoji }) => emoji.length > 0);
  }

  #targets(command: Command): ReadonlyMap<Seq, Target> {
    const seqs = command.type === 'message.erase' ? command.seqs : 'seq' in command ? [command.seq] : [];
    const found = seqs.map((at) => [at, this.target(at, command.senderId)] as const);
    return new Map(found.filter((pair): pair is readonly [Seq, Target] => pair[1] !== undefined));
  }

  #remember(entries: readonly Entry[]): void {
    this.#rolls = false;
    const bucket = this.#chat.bucket!;
    if (this.buckets.at(-1) !== bucket) this.buckets.push(bucket);
    for (const entry of entries) {
      this.entries.push(entry);
      this.#users.add(entry.senderId);
      if (entry.type === 'message.posted') this.#posts.set(entry.seq, entry);
    }
  }

  #at(given: Micros | undefined): Micros {
    return given ?? micros(firstMicros + this.entries.length * 1_000_003);
  }

  #clock(): LogicalClock {
    const { shard, epoch } = this.#numbering;
    return { shard, epoch, n: this.#numbering.next() - 1 };
  }

  #command(wish: Wish, { sender, sentAt, clientMessageId: id = `c-${this.entries.length}` }: Told): Command {
    const isSystems = wish.type === 'chat.trim' || wish.type === 'message.erase';
    return {
      ...wish,
      chatId: this.chatId,
      senderId: userId(sender ?? (isSystems ? systemSender : '1')),
      clientMessageId: clientMessageId(id),
      fingerprint: `fingerprint-${id}`,
      sentAt,
      // Every fourth is done by the service for its sender.
      ...(this.entries.length % 4 === 3 && { actedBy: systemSender }),
    };
  }
}

const postWish = (body: string, extras: Extras | null = null): Wish => ({
  type: 'message.post',
  body,
  extras,
  recipientId: undefined,
  seedForm: false,
});

const withoutText = (entry: Entry): Entry => {
  switch (entry.type) {
    case 'message.posted':
      return { ...entry, body: '', extras: null };
    case 'message.edited':
      return { ...entry, body: '', post: { ...entry.post, extras: null } };
    case 'message.deleted':
      return { ...entry, post: { ...entry.post, extras: null } };
    default:
      return entry;
  }
};

const withoutKeyBlock = (decision: Decision): Decision => {
  const { outcome } = decision;
  if (outcome.kind === 'rejected') return decision;
  return { ...decision, outcome: { ...outcome, placement: { ...outcome.placement, keys: null } } };
};

/** With and without rules behind them: entries of versions without receipts stay as they are. */
const permits = (): readonly AccessDecision[] => [
  { effect: 'permit', basis: { policy: 'abc-_123', rules: ['members-post', 'runners-mention-all'] } },
  { effect: 'permit' },
  { effect: 'permit', basis: { policy: 'abc-_124', rules: [] } },
];

/** The same decision with another text in its message, whether or not anybody would have accepted it. */
export const withBody = (decision: Decision, body: string): Decision => {
  const { outcome } = decision;
  if (outcome.kind === 'rejected') throw new Error('a rejected command has no message');
  const entries = outcome.entries.map((entry) => (entry.type === 'message.posted' ? { ...entry, body } : entry));
  return { ...decision, outcome: { ...outcome, entries } };
};
