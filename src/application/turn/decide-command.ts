import type { DecisionReceipt } from '../../domain/access/decision-receipt.ts';
import { type Command, changesAccess, maxListedRecipients, maxTrimmedBuckets } from '../../domain/chat/command.ts';
import { decide } from '../../domain/chat/decide.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { evolve } from '../../domain/chat/evolve.ts';
import type { Rejection } from '../../domain/chat/rejection.ts';
import type { Grounds } from '../../domain/chat/verdict.ts';
import { type Micros, rev, type ShardNumber, seq } from '../../domain/ids.ts';
import { formatMicros, microsOfMs } from '../../domain/time.ts';
import { type Decision, type Outcome, type Placement, rejectionOf } from '../decision.ts';
import { rememberedEntries } from './find-answer.ts';
import { blockStart, type KeyHash, keysPerBlock } from './key-log.ts';
import { receiptOf } from './receipt.ts';
import { moveToBucket, type ResidentChat } from './resident-chat.ts';
import { placesOf } from './targets.ts';

/** A bucket rolls when its window has passed or it is full: a partition stays below 100 MB and 100 k rows. */
export type BucketLimits = { readonly windowMicros: Micros; readonly maxMessages: number; readonly maxEntries: number };
export const defaultBucketLimits: BucketLimits = {
  windowMicros: microsOfMs(10 * 24 * 3600 * 1000),
  maxMessages: 20_000,
  maxEntries: 50_000,
};

/** Counts the decisions of one shard and epoch; the counter is the low part of their logical time. */
export type LogicalClock = { readonly shard: ShardNumber; readonly epoch: number; n: number };

/** Decides one command on the chat as it is now, and moves the chat on. `exists` = what it asks for is there: its first entry answers. */
export const decideCommand = (
  chat: ResidentChat,
  command: Command,
  hash: KeyHash,
  { access, at, targets }: Omit<Grounds, 'receipt'>,
  clock: LogicalClock,
  limits: BucketLimits,
): Decision | 'exists' => {
  const receipt = receiptOf(chat, access, command.actedBy);
  const grounds = { access, receipt, at, targets };
  const verdict = decide(chat.state, command, grounds);
  switch (verdict.kind) {
    case 'exists':
      return 'exists';
    case 'rejected':
      return reject(command, verdict.rejection, clock, at, receipt);
    case 'accepted': {
      // Only now: it says something of the chat.
      const badTrim = badlyCut(chat, command);
      if (badTrim !== undefined) return reject(command, badTrim, clock, at, receipt);
      const made = recordEntries(chat, verdict.entries, hash, grounds, clock, limits);
      if (changesAccess(command)) chat.rosterRev = chat.state!.nextRev - 1;
      return made;
    }
  }
};

/** Makes entries that are decided the next ones of the chat, and moves it on. */
export const recordEntries = (
  chat: ResidentChat,
  entries: readonly Entry[],
  hash: KeyHash,
  grounds: Pick<Grounds, 'at' | 'targets'>,
  clock: LogicalClock,
  limits: BucketLimits,
): Decision =>
  decision(chat, clock, { kind: 'accepted', entries, placement: place(chat, entries, hash, grounds, limits) });

/** Which buckets there are the chat's state does not say. A cut above the open one would take that away, and the chat with it. */
const badlyCut = ({ state, firstBucket, bucket: open }: ResidentChat, command: Command): Rejection | undefined => {
  if (state === undefined || command.type !== 'chat.trim') return undefined;
  if (open === undefined || command.bucket > open.bucket)
    return { code: 'VALIDATION_FAILED', reason: `The newest bucket of the chat is ${open?.bucket}.` };
  if (command.bucket - firstBucket <= maxTrimmedBuckets) return undefined;
  const last = firstBucket + maxTrimmedBuckets;
  const reason = `One trim drops ${maxTrimmedBuckets} buckets at most: cut at bucket ${last} first, then go on.`;
  return { code: 'VALIDATION_FAILED', reason };
};

/** `receipt`: when the policy was asked. */
export const reject = (
  command: Command,
  rejection: Rejection,
  clock: LogicalClock,
  at: Micros,
  receipt?: DecisionReceipt,
): Decision =>
  decision({ id: command.chatId }, clock, {
    kind: 'rejected',
    rejected: rejectionOf(command, rejection, command.sentAt ?? formatMicros(at), at, receipt),
  });

const decision = ({ id }: Pick<ResidentChat, 'id'>, clock: LogicalClock, outcome: Outcome): Decision => ({
  v: 1,
  chatId: id,
  shard: clock.shard,
  epoch: clock.epoch,
  n: ++clock.n,
  outcome,
});

/** Moves head, bucket and keys; says where the entries go. */
const place = (
  chat: ResidentChat,
  entries: readonly Entry[],
  hash: KeyHash,
  { at, targets }: Pick<Grounds, 'at' | 'targets'>,
  limits: BucketLimits,
): Placement => {
  const firstRev = entries[0]!.rev;
  const firstSeq = chat.state?.nextSeq ?? seq(1);
  const before = chat.bucket;
  const rolls =
    before === undefined ||
    at - before.startedAt >= limits.windowMicros ||
    firstSeq - before.firstSeq >= limits.maxMessages ||
    firstRev - before.firstRev >= limits.maxEntries;
  const bucket = rolls
    ? { bucket: before === undefined ? 0 : before.bucket + 1, firstSeq, firstRev, startedAt: at }
    : before;
  if (rolls) moveToBucket(chat, bucket);

  let keys: Placement['keys'] = null;
  let activeAt: Micros | null = null;
  let dropsFrom: number | null = null;
  for (const entry of entries) {
    chat.state = evolve(chat.state, entry);
    if (entry.type === 'chat.trimmed') {
      dropsFrom = chat.firstBucket;
      chat.firstBucket = entry.bucket;
    }
    if (isActivity(chat, entry, at)) {
      chat.activeAt = at;
      activeAt = at;
    }
    chat.keys.append(hash, entry.type === 'message.posted' ? entry.seq : undefined);
    if (entry.rev % keysPerBlock === 0) {
      const start = blockStart(entry.rev);
      keys = { firstRev: start, blob: Buffer.from(chat.keys.block(start)).toString('base64') };
      chat.keys.trim(rememberedEntries);
    }
  }
  const state = chat.state!;
  return {
    bucket: bucket.bucket,
    nextSeq: state.nextSeq,
    nextRev: rev(state.nextRev),
    activeAt,
    opens: rolls ? { firstSeq, firstRev, startedAt: at } : null,
    keys,
    targets: placesOf(entries, targets),
    large: state.large,
    dropsFrom,
  };
};

/** How old the activity in members' lists may be: writing it costs one row per member. */
const activityEvery: readonly { upTo: number; micros: Micros }[] = [
  { upTo: 10, micros: microsOfMs(10 * 60_000) },
  { upTo: maxListedRecipients, micros: microsOfMs(3_600_000) },
];

/** A large chat's activity is not written into its members' lists: readers look at its head. */
const isActivity = (chat: ResidentChat, entry: Entry, at: Micros): boolean => {
  if (entry.type !== 'message.posted' || chat.state!.large) return false;
  const { roster } = chat.state!;
  const every = activityEvery.find(({ upTo }) => roster.size <= upTo)?.micros;
  return every !== undefined && (chat.activeAt === undefined || at - chat.activeAt >= every);
};
