/** Writes the history of all chats, or of one, as NDJSON: npm run -s export -- FILE [--chat ID]
 *  Cut off and called again, it goes on behind the last chat that is complete in the file. */

import { once } from 'node:events';
import { createWriteStream, existsSync, truncateSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { CataloguePosition } from '../src/application/ports/chat-catalogue.ts';
import { exportChats } from '../src/application/transfer/export-chats.ts';
import { type ChatId, chatId } from '../src/domain/ids.ts';
import { decodeTransferLine, encodeTransferLine } from '../src/interface-adapters/transfer/transfer-json.ts';
import { linesOf } from './transfer/lines.ts';
import { openConfiguredStore, run } from './transfer/open.ts';
import { showProgress } from './transfer/progress.ts';

const usage = 'usage: npm run -s export -- FILE [--chat ID]';

type Begun = { readonly after: CataloguePosition | undefined; readonly bytes: number; readonly chats: number };

const firstLines = ['{"entry":{', '{"done":{'];
const canBegin = (text: string): boolean =>
  firstLines.some((beginning) => text.startsWith(beginning) || beginning.startsWith(text));

/** What of the file is complete: whatever stands behind the last `done` is written again. Rejects when it is no export: it would be lost. */
const begunIn = async (file: string): Promise<Begun> => {
  let begun: Begun = { after: undefined, bytes: 0, chats: 0 };
  if (!existsSync(file)) return begun;
  let first = true;
  for await (const { text, end, whole } of linesOf(file)) {
    if (first && !canBegin(text)) throw new Error(`${file} is there and is no export: name another file.`);
    first = false;
    if (!whole || !text.startsWith('{"done"')) continue;
    const line = decodeTransferLine(text);
    if (line.kind === 'done') begun = { after: line.position, bytes: end, chats: begun.chats + 1 };
  }
  return begun;
};

run(async () => {
  const { values, positionals } = parseArgs({ options: { chat: { type: 'string' } }, allowPositionals: true });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error(usage);
  const begun = await begunIn(file);
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
