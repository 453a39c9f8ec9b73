import { LRUCache } from 'lru-cache';
import type { LogExtent } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatId } from '../../domain/ids.ts';
import { united } from './bucket-search.ts';

/** Where buckets of chats begin, as far as it was read before. That never changes once a bucket is there; that one is not there any more, or
 *  that there are newer ones, is what the extent of a log tells, which is read every time. */
export class KnownBuckets {
  readonly #kept: LRUCache<ChatId, readonly OpenBucket[]>;

  /** `most`: of how many buckets, of some 100 bytes each; a chat counts for one more. */
  constructor(most: number) {
    this.#kept = new LRUCache({ maxSize: most, sizeCalculation: (buckets) => buckets.length + 1 });
  }

  /** Those that are there, in the order of their numbers. */
  of(
    chatId: ChatId,
    { firstBucket, openBucket }: Pick<LogExtent, 'firstBucket' | 'openBucket'>,
  ): readonly OpenBucket[] {
    const kept = this.#kept.get(chatId);
    if (kept === undefined) return [];
    const isWithin = ({ bucket }: OpenBucket) => bucket >= firstBucket && bucket <= openBucket;
    return isWithin(kept[0]!) && isWithin(kept.at(-1)!) ? kept : kept.filter(isWithin);
  }

  /** Adds to what is known; what lies before `firstBucket` is dropped. */
  add(chatId: ChatId, buckets: readonly OpenBucket[], { firstBucket }: Pick<LogExtent, 'firstBucket'>): void {
    const kept = this.#kept.get(chatId) ?? [];
    const there = united(kept, buckets).filter(({ bucket }) => bucket >= firstBucket);
    if (there.length > 0) this.#kept.set(chatId, there);
  }
}
