/** Checks a run of publish.ts: what was sent, the events, and the history pages must be one story. Leaves the events where they are
 *  (so a repeated run can be compared with the first, --repeats 2), unless --cleanup is given.
 *
 *  node bench/verify.ts --run a --chats 500 --messages 50000 [--repeats 2] [--cleanup] */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import amqp from 'amqplib';
import { userId } from '../src/domain/ids.ts';
import { issueToken } from '../src/infrastructure/http/issue-token.ts';
import { bodyAt, chatIdAt, clientIdAt, eventQueue, type Load, options, senderAt, users } from './load.ts';

const { load, url, http, repeats, cleanup } = options();
const quietMs = 1_500;
const found = { lost: 0, duplicated: 0, reordered: 0, unexpected: 0 };
const examples: string[] = [];
const report = (kind: keyof typeof found, what: string) => {
  found[kind]++;
  if (examples.length < 10) examples.push(`${kind}: ${what}`);
};

type Event = { type: string; event_id: string; chat_id: string; seq: number; rev: number; client_message_id: string };
type Seen = { readonly body: string; count: number };

const events = await readEvents(load);
checkEvents(events);
const stored = await checkHistory(load);

console.log(`events     ${events.length}, stored messages ${stored}, expected ${load.messages}`);
console.log(
  Object.entries(found)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', '),
);
for (const example of examples) console.log(`  ${example}`);
process.exitCode = Object.values(found).some((count) => count > 0) ? 1 : 0;

/** Everything in the run's stream, in order; it is left there unless --cleanup is given. */
async function readEvents(of: Load): Promise<string[]> {
  const connection = await amqp.connect(url, { timeout: 5_000 });
  const channel = await connection.createChannel();
  const bodies: string[] = [];
  await channel.prefetch(1_000);
  // Until nothing comes any more: the stream's own count of its messages lags behind by seconds.
  await new Promise<void>((resolve) => {
    let quiet = setTimeout(resolve, quietMs);
    const take = (message: amqp.ConsumeMessage | null) => {
      // The stream is deleted below, by --cleanup.
      if (message === null) return;
      channel.ack(message);
      bodies.push(message.content.toString());
      clearTimeout(quiet);
      quiet = setTimeout(resolve, quietMs);
    };
    void channel.consume(eventQueue(of), take, { arguments: { 'x-stream-offset': 'first' } });
  });
  if (cleanup) await channel.deleteQueue(eventQueue(of));
  await channel.close();
  await connection.close();
  return bodies;
}

/** Takes an event only when its rev is the last one taken + 1, as a consumer should; what it skips must be a repeat. */
function checkEvents(bodies: readonly string[]): void {
  const seen = new Map<string, Seen>();
  const lastRev = new Map<string, number>();
  const taken = new Map<string, number>();
  for (const body of bodies) {
    const event: Event = JSON.parse(body);
    const known = seen.get(event.event_id);
    if (known !== undefined) {
      known.count++;
      if (known.body !== body) report('duplicated', `event ${event.event_id} came again with other bytes`);
    } else seen.set(event.event_id, { body, count: 1 });
    if (event.type === 'chat.created' || event.type === 'message.posted') {
      const last = lastRev.get(event.chat_id) ?? 0;
      if (event.rev === last + 1) {
        lastRev.set(event.chat_id, event.rev);
        if (event.type === 'message.posted') takeInOrder(event, taken);
      } else if (event.rev > last + 1) report('reordered', `${event.event_id} came when ${last + 1} was due`);
    } else report('unexpected', `event ${body.slice(0, 200)}`);
  }
  for (let chat = 0; chat < load.chats; chat++) {
    const id = chatIdAt(load, chat);
    const missing = messagesOf(chat) - (taken.get(id) ?? 0);
    for (let n = 0; n < missing; n++) report('lost', `an event of chat ${id}`);
  }
  for (const [id, { count }] of seen)
    if (count < repeats) report('lost', `event ${id} came ${count} times, not ${repeats}`);
}

/** The k-th message taken of a chat must be the k-th one published to it. */
function takeInOrder(event: Event, taken: Map<string, number>): void {
  const nth = taken.get(event.chat_id) ?? 0;
  taken.set(event.chat_id, nth + 1);
  const chat = Number(event.chat_id.slice(event.chat_id.lastIndexOf('-') + 1));
  if (event.client_message_id !== clientIdAt(load, nth * load.chats + chat))
    report('reordered', `event ${event.event_id}`);
  if (event.seq !== nth + 1) report('reordered', `event ${event.event_id} has seq ${event.seq}, not ${nth + 1}`);
}

function messagesOf(chat: number): number {
  return Math.floor((load.messages - chat + load.chats - 1) / load.chats);
}

/** Walks every chat's pages, newest to oldest. Returns how many messages are stored. */
async function checkHistory(of: Load): Promise<number> {
  const key = process.env.KEY || readFileSync(join(process.env.DATA_DIR || './data', 'development-key'), 'utf8').trim();
  const token = await issueToken(key, userId(String(users[0])), 3600);
  let count = 0;
  for (let chat = 0; chat < of.chats; chat++) {
    const id = chatIdAt(of, chat);
    let expected = messagesOf(chat);
    const seen = new Set<string>();
    for (let cursor: string | null = ''; cursor !== null; ) {
      const response = await fetch(`${http}/v1/chats/${id}/messages?limit=100${cursor && `&cursor=${cursor}`}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      const page = (await response.json()) as {
        items: { seq: number; client_message_id: string; body: string; sender_id: number }[];
        older: string | null;
      };
      for (const item of page.items) {
        count++;
        const index = (item.seq - 1) * of.chats + chat;
        if (seen.has(item.client_message_id)) report('duplicated', `${item.client_message_id} in chat ${id}`);
        seen.add(item.client_message_id);
        if (item.seq !== expected)
          report(item.seq > expected ? 'unexpected' : 'lost', `chat ${id} seq ${item.seq}, ${expected} was due`);
        if (item.client_message_id !== clientIdAt(of, index)) report('reordered', `chat ${id} seq ${item.seq}`);
        if (item.body !== bodyAt(of, index) || item.sender_id !== senderAt(of, index))
          report('unexpected', `content of chat ${id} seq ${item.seq}`);
        expected = item.seq - 1;
      }
      cursor = page.older;
    }
    for (; expected > 0; expected--) report('lost', `chat ${id} seq ${expected}`);
  }
  return count;
}
