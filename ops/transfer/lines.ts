import { createReadStream } from 'node:fs';

/** `end`: the first byte behind the line and its newline. Not `whole`: the last one, without a newline; its writer may have been cut off. */
export type FileLine = { readonly text: string; readonly end: number; readonly whole: boolean };

const newline = 0x0a;

/** The lines of a file, by newlines alone: node:readline ends a line at U+2028 and U+2029 as well, which stand in JSON strings as they are. */
export async function* linesOf(file: string): AsyncGenerator<FileLine> {
  let begun: Buffer[] = [];
  let end = 0;
  const line = (bytes: Buffer, whole: boolean): FileLine => {
    const all = begun.length === 0 ? bytes : Buffer.concat([...begun, bytes]);
    begun = [];
    end += all.length + (whole ? 1 : 0);
    return { text: all.toString('utf8'), end, whole };
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      yield line(chunk.subarray(from, at), true);
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) yield line(Buffer.alloc(0), false);
}
