import { randomUUID } from 'node:crypto';
import type { Decision } from '../../src/application/decision.ts';
import { noTelemetry } from '../../src/application/ports/telemetry.ts';
import { keysPerBlock } from '../../src/application/turn/key-log.ts';
import { type CassandraEndpoint, connectData, connectLedger } from '../../src/infrastructure/cassandra/client.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { GroupQueue } from '../../src/infrastructure/cassandra/group-queue.ts';
import { encodeGroup, journalJson } from '../../src/infrastructure/cassandra/journal-payload.ts';
import { JournalRow } from '../../src/infrastructure/cassandra/journal-row.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { logicalTime } from '../../src/infrastructure/cassandra/logical-time.ts';
import { type Projection, projectionOf } from '../../src/infrastructure/cassandra/projection.ts';
import { partitions, projectionQueries } from '../../src/infrastructure/cassandra/projection-queries.ts';
import { Projector } from '../../src/infrastructure/cassandra/projector.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import type { ForwardStore } from './forward-store.ts';
import { type SamplePost, samplePost } from './samples.ts';

const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
const sessionTimeoutMs = 6_000;
const noBytes = Buffer.alloc(0);

/** Makes the rows of a post from those of a sample: only ids and positions are put in. */
class Posts {
  readonly #plain: SamplePost;
  readonly #full: SamplePost;
  readonly #seqs = new Map<string, number>();
  #n = 0;

  constructor(bodyBytes: number) {
    this.#plain = samplePost(bodyBytes);
    this.#full = samplePost(bodyBytes, { completesBlock: true });
  }

  /** The JSON that the journal would hold of it is cut from the sample's. */
  next(chatId: string, messageId: string): Post {
    const seq = (this.#seqs.get(chatId) ?? 0) + 1;
    this.#seqs.set(chatId, seq);
    const sample = (seq + 1) % keysPerBlock === 0 ? this.#full : this.#plain;
    const n = ++this.#n;
    const [head, tail] = textOf(sample);
    return {
      // The projector asks for the chat only.
      decision: { ...sample.decision, chatId: chatId as Decision['chatId'] },
      json: () => Buffer.from(`${head}${messageId}${tail}`),
      projection: () => ({ content: contentOf(sample, chatId, messageId, seq, n), index: [] }),
    };
  }
}

/** The service, too, makes what it writes to the tables when the journal has it. */
type Post = { readonly decision: Decision; readonly json: () => Buffer; readonly projection: () => Projection };
type Waiting = Omit<Post, 'json'> & { json: Buffer; readonly done: () => void };

const contentOf = (sample: SamplePost, chatId: string, messageId: string, seq: number, n: number) => {
  const time = logicalTime(1, n);
  return templateOf(sample).map(({ query, params, kind }) => {
    const own = params.slice();
    own[0] = chatId;
    own[own.length - 1] = time;
    if (kind === 'post') {
      own[2] = seq;
      own[3] = seq + 1;
      own[5] = messageId;
      own[11] = seq + 1;
      own[12] = seq + 2;
      return { query, params: own, partition: partitions.messages(0, chatId) };
    }
    own[2] = seq - keysPerBlock + 2;
    return { query, params: own, partition: partitions.keys(0, chatId) };
  });
};

type Template = {
  readonly query: 'post' | 'keys';
  readonly kind: 'post' | 'keys';
  readonly params: readonly unknown[];
};
const templates = new Map<SamplePost, readonly Template[]>();

const templateOf = (sample: SamplePost): readonly Template[] => {
  let found = templates.get(sample);
  if (found === undefined) {
    found = projectionOf(sample.decision).content.flatMap(({ query, params }) =>
      query === 'post' || query === 'keys' ? [{ query, kind: query, params }] : [],
    );
    templates.set(sample, found);
  }
  return found;
};

const texts = new Map<SamplePost, readonly [string, string]>();

const textOf = (sample: SamplePost): readonly [string, string] => {
  let found = texts.get(sample);
  if (found === undefined) {
    const id = sample.entry.clientMessageId;
    const text = journalJson(sample.decision).toString();
    const at = text.indexOf(`"${id}"`) + 1;
    found = [text.slice(0, at), text.slice(at + id.length)];
    texts.set(sample, found);
  }
  return found;
};

/** One INSERT per message, all at once: no journal, no order, no safety. */
export const openPlainCassandra = async (endpoint: CassandraEndpoint, bodyBytes: number): Promise<ForwardStore> => {
  const client = await connectData(endpoint);
  const data = new DataAccess(client);
  const posts = new Posts(bodyBytes);
  return {
    write: (chatId, messageId, done) => {
      const { query, params } = posts.next(chatId, messageId).projection().content[0]!;
      data.write([{ query: projectionQueries[query], params }], (error) => {
        if (error !== undefined) throw error;
        done();
      });
    },
    close: () => client.shutdown(),
  };
};

/** The service's writes with its opportunities to batch: one append in flight that takes what has come meanwhile, then the tables, one
 *  chat after the other's acknowledgement. */
export const openJournaledCassandra = async (endpoint: CassandraEndpoint, bodyBytes: number): Promise<ForwardStore> => {
  const client = await connectData(endpoint);
  const ledger = await connectLedger(endpoint);
  const clock = new SystemClock();
  const session = randomUUID();
  await ledger.execute(journalQueries.begin, [session, 'bench']);
  const stop = new AbortController();
  const row = new JournalRow({ session, ledger, clock, logger, sessionTimeoutMs }, stop.signal);
  const projector = new Projector(new DataAccess(client), { clock, logger, telemetry: noTelemetry }, stop.signal);
  const posts = new Posts(bodyBytes);
  const waiting = new GroupQueue<Waiting>();
  /** Messages of each group that are not stored yet; groups before `firstOpen` are done. */
  const open: number[] = [];
  let firstOpen = 0;
  let working = false;
  let scheduled = false;

  const work = async () => {
    working = true;
    while (!waiting.isEmpty) {
      const group = waiting.takeGroup();
      const pos = row.nextPos;
      open[pos] = group.length;
      const payload = encodeGroup(group.map(({ json }) => json));
      for (const post of group) post.json = noBytes;
      const loss = await row.append(payload, firstOpen - 1);
      if (loss !== undefined) throw new Error(loss.message, { cause: loss.cause });
      projector.project(
        group.map(({ decision, projection, done }) => ({
          decision,
          projection: projection(),
          commit: {
            decisionDone: () => {
              open[pos]!--;
              while (open[firstOpen] === 0) delete open[firstOpen++];
              done();
            },
          },
        })),
      );
    }
    working = false;
  };
  return {
    write: (chatId, messageId, done) => {
      const { decision, json, projection } = posts.next(chatId, messageId);
      waiting.push({ decision, json: json(), projection, done });
      if (working || scheduled) return;
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        if (!working) void work();
      });
    },
    close: async () => {
      stop.abort();
      await client.shutdown();
      await ledger.shutdown();
    },
  };
};
