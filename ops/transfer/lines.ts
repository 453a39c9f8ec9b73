import { createReadStream } from 'node:fs';

/** `end`: the bytes of the file up to here, the line's own end included. `whole`: it has one; the last line of a file that was cut off has not. */
export type FileLine = { readonly text: string; readonly end: number; readonly whole: boolean };

const newLine = 0x0a;

/** A file line by line, whatever its size. Nothing but \n ends a line: JSON may have a line separator (U+2028) within a text, which
 *  `node:readline` takes for an end. */
export async function* linesOf(file: string): AsyncGenerator<FileLine> {
  let begun: Buffer[] = [];
  let end = 0;
  const line = (last: Buffer, whole: boolean): FileLine => {
    const bytes = Buffer.concat([...begun, last]);
    begun = [];
    end += bytes.length + (whole ? 1 : 0);
    return { text: bytes.toString('utf8'), end, whole };
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(newLine); at >= 0; at = chunk.indexOf(newLine, from)) {
      yield line(chunk.subarray(from, at), true);
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) yield line(Buffer.alloc(0), false);
}
