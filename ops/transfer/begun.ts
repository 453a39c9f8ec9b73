import type { CataloguePosition } from '../../src/application/ports/chat-catalogue.ts';
import { decodeTransferLine } from '../../src/interface-adapters/transfer/transfer-json.ts';
import { linesOf } from './lines.ts';

/** What of an export is complete. */
export type Begun = { readonly after: CataloguePosition | undefined; readonly bytes: number; readonly chats: number };

export const nothing: Begun = { after: undefined, bytes: 0, chats: 0 };

const beginnings = ['{"entry"', '{"done"'];

/** Whatever stands behind the last `done` is to be written again; so is a `done` that was cut off itself. Rejects when the file is something
 *  else: it would be overwritten. */
export const begunIn = async (file: string): Promise<Begun> => {
  let begun = nothing;
  let isFirst = true;
  for await (const { text, end, whole } of linesOf(file)) {
    if (isFirst && !beginnings.some((beginning) => beginning.startsWith(text.slice(0, beginning.length))))
      throw new Error(`${file} is there, and is no export: name another file.`);
    isFirst = false;
    if (!whole || !text.startsWith('{"done"')) continue;
    const line = decodeTransferLine(text);
    if (line.kind === 'done') begun = { after: line.position, bytes: end, chats: begun.chats + 1 };
  }
  return begun;
};
