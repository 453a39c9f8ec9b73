import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatId } from '../../domain/ids.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';

/** Adjacent buckets, newest first, never none. */
type Run = readonly OpenBucket[];
/** Where a bucket begins, in what is looked for: seqs, or times. */
export type Begin = (bucket: OpenBucket) => number;

export const bySeq: Begin = ({ firstSeq }) => firstSeq;
export const byTime: Begin = ({ startedAt }) => startedAt;

/** Rows of `chat_buckets` in one look. */
const window = 8;
/** Those of a page of 100 messages of a chat that has one in ten days. */
const most = 100;

/** Finds buckets of a chat by where they begin, from its newest and its oldest ones. Buckets are numbered without gaps and most chats fill
 *  them at an even pace, so one look at the place where it should be nearly always finds it, however many there are. */
export class BucketSearch {
  readonly #log: Pick<ChatLog, 'bucketsBelow' | 'bucketsFrom'>;
  readonly #chatId: ChatId;
  readonly #runs: Run[];

  constructor(log: Pick<ChatLog, 'bucketsBelow' | 'bucketsFrom'>, chatId: ChatId, newest: Run, oldest: Run) {
    this.#log = log;
    this.#chatId = chatId;
    this.#runs = [newest, oldest];
  }

  /** The newest bucket that begins at `at` or before, and the one after it, if there is one; the oldest when all begin later. */
  async last(begin: Begin, at: number): Promise<{ bucket: OpenBucket; next: OpenBucket | undefined }> {
    const run = await this.#around(begin, at);
    const found = run.findIndex((bucket) => begin(bucket) <= at);
    const index = found >= 0 ? found : run.length - 1;
    return { bucket: run[index]!, next: run[index - 1] };
  }

  /** Everything that messages low … high can lie in, newest first. */
  async covering(low: number, high: number): Promise<OpenBucket[]> {
    const run = await this.#around(bySeq, low);
    const found = run.findIndex(({ firstSeq }) => firstSeq <= low);
    const reached = run.slice(0, found >= 0 ? found + 1 : run.length);
    const isNewest = (bucket: OpenBucket) => bucket.bucket >= this.#runs[0]![0]!.bucket;
    while (reached[0]!.firstSeq <= high && !isNewest(reached[0]!)) {
      const newer = await this.#log.bucketsFrom(this.#chatId, reached[0]!.bucket + 1, most);
      if (newer.length === 0) break;
      reached.unshift(...newer.toReversed());
    }
    return reached.filter(({ firstSeq }) => firstSeq <= high);
  }

  /** A run in which the bucket lies, and the one after it unless it is the newest of all. */
  async #around(begin: Begin, at: number): Promise<Run> {
    const known = this.#runs.find((run, index) => begin(run.at(-1)!) <= at && (index === 0 || begin(run[0]!) > at));
    if (known !== undefined) return known;
    let [upper, lower] = [this.#runs[0]!, this.#runs[1]!];
    if (begin(lower[0]!) > at) return lower;
    for (let look = 0; ; look++) {
      const below = upper.at(-1)!;
      const above = lower[0]!;
      if (above.bucket + 1 >= below.bucket) return [below, above];
      // Every second look halves, so that a chat of no even pace is found too.
      const share = look % 2 === 1 ? 0.5 : (at - begin(above)) / (begin(below) - begin(above));
      const guess = above.bucket + Math.round((below.bucket - above.bucket) * share);
      const end = Math.min(Math.max(guess + window / 2, above.bucket + 2), below.bucket);
      const found = await this.#log.bucketsBelow(this.#chatId, end, window);
      if (found.length === 0) throw new CassandraUnavailable(`chat ${this.#chatId}: its buckets are being dropped`);
      if (begin(found[0]!) <= at) lower = found;
      else if (begin(found.at(-1)!) > at) upper = found;
      else {
        this.#runs.push(found);
        return found;
      }
    }
  }
}
