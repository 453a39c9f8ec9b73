/** Writes the history of all chats, or of one, as NDJSON: npm run -s export -- FILE [--chat ID]
 *  Cut off and called again, it goes on behind the last chat that is complete in the file. */

import { once } from 'node:events';
import { createWriteStream, existsSync, truncateSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exportChats } from '../src/application/transfer/export-chats.ts';
import { type ChatId, chatId } from '../src/domain/ids.ts';
import { encodeTransferLine } from '../src/interface-adapters/transfer/transfer-json.ts';
import { begunIn, nothing } from './transfer/begun.ts';
import { openConfiguredStore, run } from './transfer/open.ts';
import { showProgress } from './transfer/progress.ts';

const usage = 'usage: npm run -s export -- FILE [--chat ID]';

run(async () => {
  const { values, positionals } = parseArgs({ options: { chat: { type: 'string' } }, allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error(usage);
  const begun = existsSync(file) ? await begunIn(file) : nothing;
  if (existsSync(file)) truncateSync(file, begun.bytes);
  const { store } = await openConfiguredStore();
  try {
    const only = values.chat === undefined ? undefined : chatId(values.chat);
    if (only !== undefined && begun.after !== undefined)
      throw new Error(`${file} has chats already: name another file.`);
    const out = createWriteStream(file, { flags: 'a' });
    const progress = showProgress('export', undefined);
    let { chats } = begun;
    let entries = 0;
    const incomplete: ChatId[] = [];
    const note = () => `${chats} chats, ${entries} entries now`;
    for await (const line of exportChats(store, { only, after: begun.after })) {
      if (line.kind === 'entry') entries++;
      if (line.kind === 'done') chats++;
      if (line.kind === 'done' && !line.complete) incomplete.push(line.chatId);
      if (!out.write(`${encodeTransferLine(line)}\n`)) await once(out, 'drain');
      progress.update(0, note());
    }
    out.end();
    await once(out, 'finish');
    progress.end(note());
    if (only !== undefined && chats === 0) throw new Error(`There is no chat ${only}.`);
    if (incomplete.length > 0)
      console.error(
        `${incomplete.length} chats are not in it, since their beginning is not kept any more: ${incomplete.slice(0, 10).join(', ')}${incomplete.length > 10 ? ' …' : ''}`,
      );
  } finally {
    await store.close();
  }
});
