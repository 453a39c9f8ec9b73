import type { Rev, Seq } from '../../domain/ids.ts';
import { rev, seq } from '../../domain/ids.ts';

/** 64 bits of a digest over (sender, client_message_id), as two unsigned halves. */
export type KeyHash = { readonly hi: number; readonly lo: number };
export type Position = { readonly rev: Rev; readonly seq: Seq | undefined };

export const keysPerBlock = 64;
const wordsPerKey = 3;
const bytesPerKey = wordsPerKey * 4;

/** First rev of the block that `rev` lies in: 1, 65, 129 … */
export const blockStart = (value: Rev): Rev => rev(value - ((value - 1) % keysPerBlock));

/** The keys of a run of entries, oldest first, packed: hash (two words) and seq (0 = not a post) each. Looking one up is a scan
 *  while there are few, and a hash table over the packed words from `tableFrom` on. The table is the only part built on demand. */
export class KeyLog {
  #firstRev: number;
  #count = 0;
  #words: Uint32Array;
  #table: Int32Array | undefined;
  static readonly tableFrom = 256;

  constructor(firstRev: Rev) {
    this.#firstRev = firstRev;
    this.#words = new Uint32Array(4 * wordsPerKey);
  }

  get firstRev(): Rev {
    return rev(this.#firstRev);
  }
  get nextRev(): Rev {
    return rev(this.#firstRev + this.#count);
  }

  /** The key of the entry at `nextRev`. */
  append(hash: KeyHash, at: Seq | undefined): void {
    if ((this.#count + 1) * wordsPerKey > this.#words.length) this.#grow();
    const offset = this.#count * wordsPerKey;
    this.#words[offset] = hash.hi;
    this.#words[offset + 1] = hash.lo;
    this.#words[offset + 2] = at ?? 0;
    this.#count++;
    if (this.#table !== undefined) this.#insert(this.#table, this.#count - 1);
  }

  /** Puts a block of older keys, which must end where this log begins, in front. */
  prepend(blocks: readonly Uint8Array[]): void {
    const older = blocks.reduce((sum, block) => sum + block.byteLength / bytesPerKey, 0);
    const words = new Uint32Array((older + Math.max(this.#count, 4)) * wordsPerKey);
    let offset = 0;
    for (const block of blocks) {
      const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
      for (let byte = 0; byte < block.byteLength; byte += 4) words[offset++] = view.getUint32(byte);
    }
    words.set(this.#words.subarray(0, this.#count * wordsPerKey), offset);
    this.#words = words;
    this.#firstRev -= older;
    this.#count += older;
    this.#table = undefined;
  }

  /** Drops the oldest keys beyond the last `keep`, once there are a quarter more: it copies what stays. */
  trim(keep: number): void {
    const drop = this.#count - keep;
    if (drop <= keep / 4) return;
    this.#words = this.#words.slice(drop * wordsPerKey, this.#count * wordsPerKey);
    this.#firstRev += drop;
    this.#count = keep;
    this.#table = undefined;
  }

  /** Every position whose key has this hash, newest first: nearly always none or one. */
  find({ hi, lo }: KeyHash): Position[] {
    const found: Position[] = [];
    if (this.#count < KeyLog.tableFrom) {
      for (let index = this.#count - 1; index >= 0; index--)
        if (this.#matches(index, hi, lo)) found.push(this.#position(index));
      return found;
    }
    this.#table ??= this.#buildTable();
    const mask = this.#table.length - 1;
    for (let slot = lo & mask; this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.#table[slot]! - 1;
      if (this.#matches(index, hi, lo)) found.push(this.#position(index));
    }
    return found.length < 2 ? found : found.sort((a, b) => b.rev - a.rev);
  }

  /** The packed keys of the block that begins at `start`: 64 × 12 bytes, big-endian. */
  block(start: Rev): Uint8Array {
    const from = start - this.#firstRev;
    if (from < 0 || from + keysPerBlock > this.#count)
      throw new RangeError(`no complete block of keys at rev ${start}`);
    return packKeys(this.#words.subarray(from * wordsPerKey, (from + keysPerBlock) * wordsPerKey));
  }

  #matches(index: number, hi: number, lo: number): boolean {
    const offset = index * wordsPerKey;
    return this.#words[offset + 1] === lo && this.#words[offset] === hi;
  }

  #position(index: number): Position {
    const at = this.#words[index * wordsPerKey + 2]!;
    return { rev: rev(this.#firstRev + index), seq: at === 0 ? undefined : seq(at) };
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    this.#table = undefined;
  }

  #buildTable(): Int32Array {
    const capacity = this.#words.length / wordsPerKey;
    const table = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2)));
    for (let index = 0; index < this.#count; index++) this.#insert(table, index);
    return table;
  }

  #insert(table: Int32Array, index: number): void {
    const mask = table.length - 1;
    let slot = this.#words[index * wordsPerKey + 1]! & mask;
    while (table[slot] !== 0) slot = (slot + 1) & mask;
    table[slot] = index + 1;
  }
}

/** `words` are (hi, lo, seq) triples. */
export const packKeys = (words: Uint32Array): Uint8Array => {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < words.length; index++) view.setUint32(index * 4, words[index]!);
  return bytes;
};
