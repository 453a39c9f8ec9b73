/** Moves a history from SQLite to Cassandra and back into a second SQLite, and sees whether it is the same: npm run bench:transfer -- --messages 1000000
 *  Needs CASSANDRA_CONTACT_POINTS (a keyspace of its own is made there). Prints time, memory of each step at its highest, and what differs (exit code 1). */
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { linesOf } from '../ops/transfer/lines.ts';

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, chats: { type: 'string', default: '100' } },
});
const messages = Number(values.messages);
const chats = Number(values.chats);
const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
const file = (name: string) => join(folder, name);
const cassandra = { CASSANDRA_CONTACT_POINTS: process.env.CASSANDRA_CONTACT_POINTS ?? '' };
if (cassandra.CASSANDRA_CONTACT_POINTS === '') throw new Error('CASSANDRA_CONTACT_POINTS is not set');
const keyspace = `transfer_${randomBytes(4).toString('hex')}`;

/** The history of another system: posts, an edit of every twentieth, a reaction to every fiftieth. */
const writeForeign = async (to: string): Promise<void> => {
  const out = createWriteStream(to);
  const put = async (line: object) => {
    if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain');
  };
  const beganMs = Date.UTC(2024, 0, 1);
  for (let chat = 0; chat < chats; chat++) {
    const chat_id = `moved-${chat}`;
    const at = (n: number) => new Date(beganMs + n * 20_000).toISOString();
    const base = { chat_id, sender_id: 1 };
    const members = { kind: 'group', member_ids: [2, 3] };
    await put({ command: { ...base, type: 'chat.create', client_message_id: 'c', ...members }, at: at(0) });
    for (let n = 1; n <= messages / chats; n++) {
      const body = `message ${n} `.padEnd(200, 'lorem ipsum dolor sit amet ');
      const command = { chat_id, sender_id: 1 + (n % 3), type: 'message.post', client_message_id: `m-${n}`, body };
      await put({ command, at: at(n) });
      const about = { chat_id, sender_id: 1 + (n % 3), seq: n };
      if (n % 20 === 0)
        await put({
          command: { ...about, type: 'message.edit', client_message_id: `e-${n}`, body: 'edited' },
          at: at(n),
        });
      if (n % 50 === 0)
        await put({ command: { ...about, type: 'reaction.add', client_message_id: `r-${n}`, emoji: '👍' }, at: at(n) });
    }
  }
  out.end();
  await once(out, 'finish');
};

const highestMb = (pid: number): number => {
  try {
    const [, kb = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kb) / 1024;
  } catch {
    return 0;
  }
};

const step = async (name: string, script: string, argument: string, env: Record<string, string>): Promise<void> => {
  const beganMs = performance.now();
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [script, argument], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let mb = 0;
  const look = setInterval(() => {
    mb = Math.max(mb, highestMb(child.pid!));
  }, 200);
  const [code] = await once(child, 'exit');
  clearInterval(look);
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  const seconds = (performance.now() - beganMs) / 1000;
  console.log(
    `${name.padEnd(22)} ${seconds.toFixed(1).padStart(8)} s ${Math.round(messages / seconds)
      .toLocaleString()
      .padStart(10)} messages/s ${Math.round(mb).toString().padStart(6)} MB at most`,
  );
};

/** Of the entries alone, whatever their order over chats and within an object. */
const digestOf = async (name: string): Promise<{ entries: number; digest: string }> => {
  const sum = Buffer.alloc(32);
  let entries = 0;
  for await (const { text } of linesOf(name)) {
    const { entry } = JSON.parse(text);
    if (entry === undefined) continue;
    entries++;
    const sorted = JSON.stringify(entry, (_, value) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    );
    const digest = createHash('sha256').update(sorted).digest();
    for (let byte = 0; byte < 32; byte++) sum[byte]! ^= digest[byte]!;
  }
  return { entries, digest: sum.toString('hex') };
};

try {
  await writeForeign(file('foreign.ndjson'));
  const first = { DATA_DIR: file('first') };
  const second = { ...cassandra, CASSANDRA_KEYSPACE: keyspace, DATA_DIR: file('none') };
  const third = { DATA_DIR: file('third') };
  await step('import into SQLite', 'ops/import.ts', file('foreign.ndjson'), first);
  await step('export from SQLite', 'ops/export.ts', file('first.ndjson'), first);
  await step('import into Cassandra', 'ops/import.ts', file('first.ndjson'), second);
  await step('import again', 'ops/import.ts', file('first.ndjson'), second);
  await step('export from Cassandra', 'ops/export.ts', file('second.ndjson'), second);
  await step('import into SQLite', 'ops/import.ts', file('second.ndjson'), third);
  await step('export from SQLite', 'ops/export.ts', file('third.ndjson'), third);
  const digests = await Promise.all(['first', 'second', 'third'].map((name) => digestOf(file(`${name}.ndjson`))));
  const same = digests.every(({ entries, digest }) => entries === digests[0]!.entries && digest === digests[0]!.digest);
  console.log(
    `${digests[0]!.entries} entries; ${same ? 'the same three times' : `NOT THE SAME: ${JSON.stringify(digests)}`}`,
  );
  if (!same) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
  execFileSync(process.execPath, ['bench/drop-keyspace.ts', keyspace], { stdio: 'inherit' });
}
