import { connect, createServer, type Server, type Socket } from 'node:net';
import { rabbitmqUrl } from './rabbitmq-harness.ts';

/** A TCP proxy before the broker whose connections a test can cut, or keep from hearing of the broker. */
export class CuttableProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #deaf = false;
  #refusing = false;
  #holding = false;
  #held: { readonly broker: Socket; readonly bytes: Buffer }[] = [];

  private constructor() {
    const { hostname, port } = new URL(rabbitmqUrl());
    this.#server = createServer((client) => {
      if (this.#refusing) return void client.destroy();
      const broker = connect(Number(port || 5672), hostname);
      const pair = [client, broker] as const;
      this.#pairs.add(pair);
      client.on('data', (bytes: Buffer) => {
        if (this.#holding) this.#held.push({ broker, bytes });
        else broker.write(bytes);
      });
      broker.on('data', (bytes) => this.#deaf || client.write(bytes));
      for (const socket of pair) {
        socket.on('error', () => {});
        socket.on('close', () => this.#end(pair));
      }
    });
  }

  static async listen(port = 0): Promise<CuttableProxy> {
    const proxy = new CuttableProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(rabbitmqUrl());
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as { port: number }).port);
    return url.href;
  }

  /** What the broker says is lost until the connections are cut. */
  deafen(): void {
    this.#deaf = true;
  }

  /** What the clients say stays here until `release`. */
  hold(): void {
    this.#holding = true;
  }

  holds(text: string): boolean {
    return Buffer.concat(this.#held.map(({ bytes }) => bytes)).includes(text);
  }

  release(): void {
    this.#holding = false;
    for (const { broker, bytes } of this.#held.splice(0)) broker.write(bytes);
  }

  /** Cuts, and lets nobody through until `admit`. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  admit(): void {
    this.#refusing = false;
  }

  /** Every client hears what a broker says whose memory alarm has gone off, and hears when it is over. Only while nothing else is
   *  being said: a frame must not fall into the middle of another. */
  sayBlocked(): void {
    const reason = Buffer.from('low on memory');
    this.#say(Buffer.from([0, 10, 0, 60, reason.length, ...reason]));
  }

  sayUnblocked(): void {
    this.#say(Buffer.from([0, 10, 0, 61]));
  }

  cut(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
    this.#deaf = false;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  /** A method frame on channel 0. */
  #say(method: Buffer): void {
    const head = Buffer.alloc(7);
    head.writeUInt8(1, 0);
    head.writeUInt32BE(method.length, 3);
    for (const [client] of this.#pairs) client.write(Buffer.concat([head, method, Buffer.from([0xce])]));
  }

  #end(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }
}
