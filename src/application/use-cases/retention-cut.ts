import { maxTrimmedBuckets } from '../../domain/chat/command.ts';
import type { Micros } from '../../domain/ids.ts';
import type { OpenBucket } from '../ports/chat-store.ts';

/** As many of a chat's oldest buckets as have to be known to cut once. */
export const bucketsToCut = maxTrimmedBuckets + 1;

/** Where to cut a chat of which everything before `until` is too old, if anywhere: buckets are dropped whole, at most so many at once,
 *  and never the newest. One is wholly too old when the next one was begun before `until`. Where only changes would go, nothing does:
 *  trimming is a change itself, and a chat that nobody uses would be trimmed for ever. `oldest`: oldest first. */
export const retentionCut = (oldest: readonly OpenBucket[], until: Micros): OpenBucket | undefined => {
  const cut = oldest.slice(0, bucketsToCut).findLast(({ startedAt }) => startedAt <= until);
  return cut !== undefined && cut.firstSeq > oldest[0]!.firstSeq ? cut : undefined;
};
