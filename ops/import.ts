/** Writes an exported history, or another system's, into the store: npm run -s import -- FILE      (docs/operations.md)
 *  No instance of the service may run meanwhile. Cut off, it is called again with the same file: what is there is left as it is. */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { holdAllShards } from '../src/application/transfer/hold-all-shards.ts';
import { ChatImport } from '../src/application/transfer/import-chats.ts';
import { suggestShard } from '../src/infrastructure/in-process/suggest-shard.ts';
import { keyHash } from '../src/interface-adapters/amqp/command-identity.ts';
import { decodeTransferLine, UnreadableLine } from '../src/interface-adapters/transfer/transfer-json.ts';
import { linesOf } from './transfer/lines.ts';
import { openConfiguredStore, run } from './transfer/open.ts';
import { showProgress } from './transfer/progress.ts';

const usage = 'usage: npm run -s import -- FILE';
const shownAtMost = 20;

run(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error(usage);
  const { size } = statSync(file);
  const { store, clock, patienceMs } = await openConfiguredStore();
  try {
    const whole = await holdAllShards(store.ownership, clock, patienceMs);
    const importing = new ChatImport({ whole, personal: store.personal, hashKey: keyHash, suggestShard });
    const { report } = importing;
    const progress = showProgress('import', size);
    let number = 0;
    const note = () => `${report.chats} chats, ${report.written} entries written, ${report.present} there before`;
    try {
      for await (const { text, end } of linesOf(file)) {
        number++;
        if (text.trim() !== '') await importing.take(decodeTransferLine(text), number);
        progress.update(end, note());
      }
      await importing.end();
    } catch (error) {
      await importing.end();
      if (!(error instanceof UnreadableLine)) throw error;
      throw new Error(
        `${file}, line ${number}: ${error.message}. What stands before it is imported; correct it and import the file again.`,
      );
    } finally {
      progress.end(note());
      await whole.release();
    }
    for (const { line, code, reason } of report.rejected.slice(0, shownAtMost))
      console.error(`line ${line}: refused, ${code}: ${reason}`);
    for (const { line, chatId, reason } of report.refused.slice(0, shownAtMost))
      console.error(`line ${line}: chat ${chatId} is left as it is from here on: ${reason}`);
    const { rejected, refused, incomplete } = report;
    console.log(
      JSON.stringify({
        chats: report.chats,
        written: report.written,
        present: report.present,
        rejected: rejected.length,
        refused: refused.length,
        incomplete,
      }),
    );
    if (rejected.length + refused.length > 0) process.exitCode = 1;
  } finally {
    await store.close();
  }
});
