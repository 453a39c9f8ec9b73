import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Faults = {
  readonly latencyMs: number;
  /** Added to the latency, at random; never changes the order of bytes. */
  readonly jitterMs: number;
  /** Of each direction of each connection; 0 = no limit. */
  readonly bytesPerSecond: number;
  /** Largest piece that is passed on at once; 0 = as it comes. */
  readonly sliceBytes: number;
  /** Nothing gets through in either direction, and nobody is told: connections are accepted, their ends are not passed on. When it
   *  is over, what was sent meanwhile arrives late, as TCP repeats it. */
  readonly blackHole: boolean;
};

const healthy: Faults = { latencyMs: 0, jitterMs: 0, bytesPerSecond: 0, sliceBytes: 0, blackHole: false };

/** A TCP proxy before one server, whose faults are switched while it runs and hold for all of its connections. */
export class FaultProxy {
  readonly port: number;
  bytes = 0;
  faults = healthy;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #healed = Promise.withResolvers<void>();

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (client) => this.#join(client, connect(targetPort, '127.0.0.1')));
  }

  static async before(targetPort: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, targetPort);
  }

  set(faults: Partial<Faults>): void {
    this.faults = { ...healthy, ...faults };
    if (this.faults.blackHole) return;
    this.#healed.resolve();
    this.#healed = Promise.withResolvers();
  }

  heal(): void {
    this.set({});
  }

  /** Resets every connection; new ones are accepted. */
  reset(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    this.#pairs.clear();
  }

  close(): void {
    this.#server.close();
    this.reset();
    this.heal();
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    const ends = [this.#pump(client, server), this.#pump(server, client)];
    void Promise.race(ends).then(async () => {
      // The other direction may have a last word to pass on.
      await Promise.race([Promise.all(ends), sleep(1_000, undefined, { ref: false })]);
      for (const socket of pair) socket.destroy();
      this.#pairs.delete(pair);
    });
  }

  /** Passes on what `from` says until it ends. Reading stops while a piece waits, so memory stays small. */
  async #pump(from: Socket, to: Socket): Promise<void> {
    const sending = { dueMs: 0, tail: Promise.resolve(), waiting: 0 };
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        this.bytes += chunk.length;
        const { latencyMs, jitterMs, bytesPerSecond } = this.faults;
        const busyMs = bytesPerSecond === 0 ? 0 : (chunk.length * 1_000) / bytesPerSecond;
        const soonest = performance.now() + latencyMs + Math.random() * jitterMs;
        sending.dueMs = Math.max(soonest, sending.dueMs) + busyMs;
        const { dueMs } = sending;
        sending.waiting++;
        sending.tail = sending.tail.then(() => this.#send(chunk, to, dueMs)).finally(() => sending.waiting--);
        // Many pieces may be on their way at once, or latency would be a limit of bandwidth.
        if (sending.waiting >= 64) await sending.tail;
      }
    } catch {
      // A reset ends it like any other end.
    }
    await sending.tail.catch(() => {});
    while (this.faults.blackHole) await this.#healed.promise;
    to.end();
  }

  async #send(chunk: Buffer, to: Socket, dueMs: number): Promise<void> {
    const waitMs = dueMs - performance.now();
    if (waitMs > 0.5) await sleep(waitMs);
    const { sliceBytes } = this.faults;
    const size = sliceBytes === 0 ? chunk.length : sliceBytes;
    for (let at = 0; at < chunk.length; at += size) {
      while (this.faults.blackHole) await this.#healed.promise;
      if (to.destroyed) return;
      const isTaken = to.write(chunk.subarray(at, at + size));
      if (!isTaken && !to.destroyed) await writable(to);
      if (size < chunk.length) await sleep(1);
    }
  }
}

const writable = (to: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    to.on('drain', done);
    to.on('close', done);
  });
