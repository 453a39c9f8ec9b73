import type { DecisionReceipt, PolicyBasis } from '../../domain/access/decision-receipt.ts';
import type { ChatState } from '../../domain/chat/chat-state.ts';
import { type ChatId, type Micros, rev, type Seq } from '../../domain/ids.ts';
import type { ChatSnapshot, OpenBucket } from '../ports/chat-store.ts';
import { type KeyHash, KeyLog } from './key-log.ts';
import { ChatRates, type RateLimits } from './rate-limit.ts';

/** 64 bits of a digest over a command's sender and client message id. */
export type HashKey = (senderId: string, clientMessageId: string) => KeyHash;

/** A chat in memory, as its one writer sees it: the cached roster (the PIP), the head, and the keys of past commands. */
export type ResidentChat = {
  readonly id: ChatId;
  state: ChatState | undefined;
  bucket: OpenBucket | undefined;
  /** Those that were open before it, since the chat was read: what is on its way may lie in them. Oldest first. */
  readonly earlierBuckets: OpenBucket[];
  firstBucket: number;
  readonly keys: KeyLog;
  /** Whether `keys` goes back as far as commands are remembered. */
  keysLoaded: boolean;
  /** Whether a write sent after this chat was read has shown that the session is still ours. */
  confirmed: boolean;
  /** When its members' lists were last told that it is active, as far as this process knows. */
  activeAt: Micros | undefined;
  /** Undefined where there are no limits. */
  readonly rates: ChatRates | undefined;
  /** No entry from here on has changed roster or settings: since the chat was read, or since the last one that did. 0 = no chat. */
  rosterRev: number;
  /** receipt.ts keeps it. */
  lastReceipt: { readonly basis: PolicyBasis; readonly receipt: DecisionReceipt } | undefined;
};

export const residentChat = (
  id: ChatId,
  snapshot: ChatSnapshot | undefined,
  hashKey: HashKey,
  rates: RateLimits,
): ResidentChat => {
  const nextRev = snapshot?.state.nextRev ?? rev(1);
  const recent = snapshot?.recent ?? [];
  const keys = new KeyLog(rev(nextRev - recent.length));
  for (const key of recent) keys.append(hashKey(key.senderId, key.clientMessageId), key.seq);
  return {
    id,
    state: snapshot?.state,
    bucket: snapshot?.bucket,
    earlierBuckets: [],
    firstBucket: snapshot?.firstBucket ?? 0,
    keys,
    keysLoaded: keys.firstRev === 1,
    confirmed: false,
    activeAt: undefined,
    rates: rates.perUser === undefined && rates.perChat === undefined ? undefined : new ChatRates(rates),
    rosterRev: nextRev - 1,
    lastReceipt: undefined,
  };
};

/** More than can be open while one decision is on its way. */
const maxEarlierBuckets = 64;

export const moveToBucket = (chat: ResidentChat, bucket: OpenBucket): void => {
  if (chat.bucket !== undefined) chat.earlierBuckets.push(chat.bucket);
  if (chat.earlierBuckets.length > maxEarlierBuckets) chat.earlierBuckets.shift();
  chat.bucket = bucket;
};

/** The bucket of a message that was posted since the chat was read. */
export const bucketOfRecent = ({ bucket, earlierBuckets }: ResidentChat, at: Seq): number => {
  const found = bucket!.firstSeq <= at ? bucket! : earlierBuckets.findLast(({ firstSeq }) => firstSeq <= at);
  if (found === undefined) throw new Error(`message ${at} is not a recent one`);
  return found.bucket;
};
