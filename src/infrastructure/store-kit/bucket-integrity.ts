import type { BucketIntegrity } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';

type Edge = { readonly firstSeq: number; readonly firstRev: number };
type Rows = {
  readonly posts: readonly { readonly seq: number; readonly rev: number }[];
  /** Their revs. */
  readonly changes: readonly number[];
};

const namedAtMost = 20;

/** What is in one bucket, against what its edges say has to be there. `below`: where the next bucket begins, or the head. */
export const integrityOf = ({ bucket, firstSeq, firstRev }: OpenBucket, below: Edge, { posts, changes }: Rows) => {
  const seqs = new Set(posts.map(({ seq }) => seq));
  const revs = new Set([...posts.map(({ rev }) => rev), ...changes]);
  return {
    bucket,
    firstSeq,
    firstRev,
    messages: posts.length,
    changes: changes.length,
    missingSeqs: missing(seqs, firstSeq, below.firstSeq),
    missingRevs: missing(revs, firstRev, below.firstRev),
  } satisfies BucketIntegrity;
};

const missing = (there: ReadonlySet<number>, first: number, end: number): number[] => {
  const found: number[] = [];
  for (let at = first; at < end && found.length < namedAtMost; at++) if (!there.has(at)) found.push(at);
  return found;
};

/** All buckets, oldest first. `read`: the rows between two edges, the upper one left out. */
export const bucketIntegrity = (
  buckets: readonly OpenBucket[],
  head: { readonly nextSeq: number; readonly nextRev: number },
  read: (from: Edge, below: Edge) => Rows,
): BucketIntegrity[] =>
  buckets.map((bucket, index) => {
    const below = buckets[index + 1] ?? { firstSeq: head.nextSeq, firstRev: head.nextRev };
    return integrityOf(bucket, below, read(bucket, below));
  });
