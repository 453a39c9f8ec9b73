import type { Decision } from '../../src/application/decision.ts';
import {
  type BucketLimits,
  decideCommand,
  defaultBucketLimits,
  type LogicalClock,
} from '../../src/application/turn/decide-command.ts';
import { noRateLimits } from '../../src/application/turn/rate-limit.ts';
import { type ResidentChat, residentChat } from '../../src/application/turn/resident-chat.ts';
import { strangersFacts } from '../../src/domain/access/access-request.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import type { MessagePosted } from '../../src/domain/chat/entry.ts';
import { posted, type Target } from '../../src/domain/chat/message-state.ts';
import {
  chatId,
  clientMessageId,
  type Micros,
  micros,
  type Seq,
  seq,
  shardNumber,
  userId,
} from '../../src/domain/ids.ts';
import { CedarPolicyEngine } from '../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { fingerprintOf, keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';

export type ChatPlan = {
  readonly id: string;
  readonly shard: number;
  readonly messages: number;
  readonly members?: number;
  /** Members are users from here on; the creator is the first. */
  readonly firstUser?: number;
  readonly bodyBytes?: number;
  /** This many of the messages, the oldest, are deleted afterwards. */
  readonly deleted?: number;
};

/** What the policy says to a member who posts, with its reasons: entries carry them. Whatever is asked for is permitted here. */
const permit = CedarPolicyEngine.load(new URL('../../policies', import.meta.url).pathname).decide({
  action: 'message:post',
  facts: { ...strangersFacts, is_member: true, role: 'member', chat_kind: 'group' },
});

/** Between two entries, on average. */
export const spacingMicros = 10_000_000;

/** People write in bursts: most pauses are short and few are long. The same ones in every run. */
const pauses = function* (): Generator<number> {
  for (let state = 1; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.ceil(4 * (state / 2 ** 32) ** 3 * spacingMicros);
  }
};

/** A chat as the service would have decided it, command after command, ending now: the same rules, buckets and keys. */
export const madeDecisions = function* (plan: ChatPlan, logical: LogicalClock): Generator<Decision> {
  const { id, messages, members = 2, firstUser = 1, bodyBytes = 200, deleted = 0 } = plan;
  const writer = new Writer(id, micros(startOf(plan)), logical);
  const others = Array.from({ length: members - 1 }, (_, index) => userId(String(firstUser + index + 1)));
  yield writer.decide(String(firstUser), { type: 'chat.create', kind: 'group', settings: {}, memberIds: others });
  const toDelete: MessagePosted[] = [];
  for (let index = 0; index < messages; index++) {
    const body = `message ${index} `.padEnd(bodyBytes, 'lorem ipsum dolor sit amet ');
    const sender = String(firstUser + (index % members));
    const decision = writer.decide(sender, {
      type: 'message.post',
      body,
      extras: null,
      recipientId: undefined,
      seedForm: false,
    });
    if (toDelete.length < deleted) toDelete.push(postIn(decision));
    yield decision;
  }
  for (const post of toDelete) yield writer.delete(post);
};

/** One end for all chats of a run, whenever they are made. */
const end = Date.now() * 1000;

/** When the chat was created. */
export const startOf = ({ messages, deleted = 0 }: ChatPlan): Micros =>
  micros(end - Math.ceil((messages + deleted + 100) * spacingMicros * 1.02));

type Wish = Command extends infer C
  ? C extends Command
    ? Omit<C, 'chatId' | 'senderId' | 'clientMessageId' | 'fingerprint' | 'sentAt'>
    : never
  : never;

class Writer {
  readonly #chat: ResidentChat;
  readonly #logical: LogicalClock;
  readonly #limits: BucketLimits = defaultBucketLimits;
  readonly #buckets: { readonly firstSeq: number; readonly bucket: number }[] = [];
  readonly #pauses = pauses();
  #at: number;
  #count = 0;

  constructor(id: string, start: Micros, logical: LogicalClock) {
    this.#chat = residentChat(chatId(id), undefined, keyHash, noRateLimits);
    this.#logical = logical;
    this.#at = start;
  }

  decide(sender: string, wish: Wish, targets: ReadonlyMap<Seq, Target> = new Map()): Decision {
    const id = `made-${this.#count++}`;
    const at = micros(this.#at);
    this.#at += this.#pauses.next().value;
    const command = {
      ...wish,
      chatId: this.#chat.id,
      senderId: userId(sender),
      clientMessageId: clientMessageId(id),
      fingerprint: fingerprintOf([wish.type, id]),
      sentAt: undefined,
    } as Command;
    const grounds = { access: permit, at, targets };
    const decision = decideCommand(this.#chat, command, keyHash(sender, id), grounds, this.#logical, this.#limits);
    if (decision === 'exists' || decision.outcome.kind === 'rejected')
      throw new Error(`chat ${this.#chat.id} did not accept a made ${wish.type}`);
    const { bucket, opens } = decision.outcome.placement;
    if (opens !== null) this.#buckets.push({ firstSeq: opens.firstSeq, bucket });
    return decision;
  }

  delete(post: MessagePosted): Decision {
    const { bucket } = this.#buckets.findLast(({ firstSeq }) => firstSeq <= post.seq)!;
    const target: Target = { message: posted(post), own: [], bucket };
    const wish = { type: 'message.delete', seq: seq(post.seq), scope: 'everyone' } as const;
    return this.decide(post.senderId, wish, new Map([[post.seq, target]]));
  }
}

const postIn = ({ outcome }: Decision): MessagePosted => {
  const entry = outcome.kind === 'accepted' ? outcome.entries[0] : undefined;
  if (entry?.type !== 'message.posted') throw new Error('a post made something else');
  return entry;
};

/** Before everything that a process will ever write: owners begin with epoch 1. */
export const madeClock = (shard: number): LogicalClock => ({ shard: shardNumber(shard), epoch: 0, n: 0 });
