import { connect, type Socket } from 'node:net';
import type { Histogram } from 'hdr-histogram-js';
import { newHistogram } from '../core/rounds.ts';

export type Requested = { readonly histogram: Histogram; readonly wallMs: number; readonly bytes: number };

const endOfHead = Buffer.from('\r\n\r\n');

/** One keep-alive connection, one request at a time. It reads into one buffer for ever: Node's own client makes a new one of 64 kB for every
 *  read, and what collecting those takes would count as the server's. Knows answers of 200 with a content-length, and nothing else. */
class Connection {
  readonly #socket: Socket;
  readonly #head = Buffer.alloc(4_096);
  #headBytes = 0;
  /** Of the body, still to come; undefined while the head is. */
  #left: number | undefined;
  #bodyBytes = 0;
  #answered: (bytes: number) => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor({ hostname, port }: URL) {
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: { buffer: Buffer.alloc(256 * 1_024), callback: (count, buffer) => this.#read(buffer as Buffer, count) },
    });
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the server has closed the connection')));
  }

  /** Bytes of the body. */
  get({ host, pathname, search }: URL, headers: Readonly<Record<string, string>>): Promise<number> {
    const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#headBytes = 0;
      this.#left = undefined;
      this.#socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`);
    });
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }

  #read(buffer: Buffer, count: number): boolean {
    if (this.#left === undefined) {
      const before = this.#headBytes;
      this.#headBytes += buffer.copy(this.#head, before, 0, count);
      const end = this.#head.subarray(0, this.#headBytes).indexOf(endOfHead);
      if (end < 0) {
        if (this.#headBytes === this.#head.length) this.#failed(new Error('the head of an answer is too long'));
        return true;
      }
      const head = this.#head.toString('latin1', 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (!head.startsWith('HTTP/1.1 200') || length === undefined)
        this.#failed(new Error(`an answer began with ${head}`));
      this.#bodyBytes = Number(length);
      this.#left = this.#bodyBytes - (count - (end + endOfHead.length - before));
    } else this.#left -= count;
    if (this.#left === 0) this.#answered(this.#bodyBytes);
    return true;
  }
}

/** So many requests, `atOnce` of them under way at any time, each as soon as one before it is answered. Fails on any answer but 200. */
export const requests = async (
  count: number,
  atOnce: number,
  urlOf: (index: number) => string,
  headers: Readonly<Record<string, string>>,
): Promise<Requested> => {
  const histogram = newHistogram();
  let next = 0;
  let bytes = 0;
  const connections = Array.from({ length: atOnce }, () => new Connection(new URL(urlOf(0))));
  const startMs = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const url = new URL(urlOf(next++));
        const beganMs = performance.now();
        bytes += await connection.get(url, headers);
        histogram.recordValue(Math.max(1, Math.round((performance.now() - beganMs) * 1000)));
      }
    }),
  );
  const wallMs = performance.now() - startMs;
  for (const connection of connections) connection.close();
  return { histogram, wallMs, bytes };
};
