import type { LogExtent } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatId } from '../../domain/ids.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';

/** Where a bucket begins, in what is looked for: seqs, or times. */
export type Begin = (bucket: OpenBucket) => number;
export type BucketRows = Pick<ChatLog, 'bucketsBelow' | 'bucketsFrom'>;

export const bySeq: Begin = ({ firstSeq }) => firstSeq;
export const byTime: Begin = ({ startedAt }) => startedAt;

/** Rows of `chat_buckets` in one look. */
export const bucketsInLook = 8;
/** Those of a page of 100 messages of a chat that has one in ten days. */
const most = 100;

/** Finds buckets of a chat by where they begin. Buckets are numbered without gaps and most chats fill them at an even pace, so one look at
 *  the place where it should be nearly always finds it, however many there are. */
export class BucketSearch {
  readonly #rows: BucketRows;
  readonly #chatId: ChatId;
  /** In the order of their numbers, up to the open one at least; what lies between two of them may be unknown. */
  #known: readonly OpenBucket[];
  #hasLearned = false;
  #first: number;

  constructor(
    rows: BucketRows,
    chatId: ChatId,
    { firstBucket }: Pick<LogExtent, 'firstBucket'>,
    known: readonly OpenBucket[],
  ) {
    this.#rows = rows;
    this.#chatId = chatId;
    this.#known = known;
    this.#first = firstBucket;
  }

  /** All that was known when the search began, and all that it has found. */
  get known(): readonly OpenBucket[] {
    return this.#known;
  }

  /** Whether there is more in `known` than at the beginning. */
  get hasLearned(): boolean {
    return this.#hasLearned;
  }

  /** The newest bucket that begins at `at` or before, and the one after it, if there is one; the oldest when all begin later. */
  async last(begin: Begin, at: number): Promise<{ bucket: OpenBucket; next: OpenBucket | undefined }> {
    const index = await this.#indexOf(begin, at);
    return { bucket: this.#known[index]!, next: await this.#nextTo(index, bucketsInLook) };
  }

  /** Everything that messages low … high can lie in, newest first. */
  async covering(low: number, high: number): Promise<OpenBucket[]> {
    const first = await this.#indexOf(bySeq, low);
    let last = first;
    for (;;) {
      const next = await this.#nextTo(last, most);
      if (next === undefined || next.firstSeq > high) break;
      last++;
    }
    const covering = this.#known.slice(first, last + 1).reverse();
    return covering.filter(({ firstSeq }) => firstSeq <= high);
  }

  /** The bucket after a known one, read if it is not known; undefined after the newest. */
  async #nextTo(index: number, limit: number): Promise<OpenBucket | undefined> {
    const after = this.#known[index]!.bucket + 1;
    const known = this.#known[index + 1];
    if (known === undefined || known.bucket === after) return known;
    this.#fill(await this.#rows.bucketsFrom(this.#chatId, after, limit));
    const next = this.#known[index + 1]!;
    if (next.bucket !== after) throw this.#unsettled();
    return next;
  }

  /** Where it lies in what is known. */
  async #indexOf(begin: Begin, at: number): Promise<number> {
    for (let looks = 0; ; looks++) {
      const later = this.#known.findIndex((bucket) => begin(bucket) > at);
      const index = (later < 0 ? this.#known.length : later) - 1;
      const [below, above] = [this.#known[index], this.#known[index + 1]];
      if (below === undefined) {
        if (above!.bucket <= this.#first) return 0;
        const found = await this.#rows.bucketsFrom(this.#chatId, this.#first, bucketsInLook);
        // Those before have been dropped meanwhile.
        if (!this.#learn(found)) return 0;
        this.#first = found[0]!.bucket;
      } else {
        if (above === undefined || above.bucket === below.bucket + 1) return index;
        // Every second look halves, so that a chat of no even pace is found too.
        const share = looks % 2 === 1 ? 0.5 : (at - begin(below)) / (begin(above) - begin(below));
        const guess = below.bucket + Math.round((above.bucket - below.bucket) * share);
        const end = Math.min(Math.max(guess + bucketsInLook / 2, below.bucket + 2), above.bucket);
        this.#fill(await this.#rows.bucketsBelow(this.#chatId, end, bucketsInLook));
      }
    }
  }

  #fill(found: readonly OpenBucket[]): void {
    if (!this.#learn(found)) throw this.#unsettled();
  }

  #learn(found: readonly OpenBucket[]): boolean {
    const before = this.#known.length;
    this.#known = united(this.#known, found);
    const hasLearned = this.#known.length > before;
    this.#hasLearned ||= hasLearned;
    return hasLearned;
  }

  #unsettled(): CassandraUnavailable {
    return new CassandraUnavailable(`chat ${this.#chatId}: buckets begin or are dropped just now`);
  }
}

/** In the order of their numbers, each once. */
export const united = (some: readonly OpenBucket[], others: readonly OpenBucket[]): OpenBucket[] => {
  const numbers = new Set(some.map(({ bucket }) => bucket));
  return [...some, ...others.filter(({ bucket }) => !numbers.has(bucket))].sort((a, b) => a.bucket - b.bucket);
};
