import { connect, createServer, type Server, type Socket } from 'node:net';
import { rabbitmqUrl } from './rabbitmq-harness.ts';

/** A TCP proxy before the broker whose connections a test can cut, or keep from hearing of the broker. */
export class CuttableProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #deaf = false;

  private constructor() {
    const { hostname, port } = new URL(rabbitmqUrl());
    this.#server = createServer((client) => {
      const broker = connect(Number(port || 5672), hostname);
      const pair = [client, broker] as const;
      this.#pairs.add(pair);
      client.on('data', (bytes) => broker.write(bytes));
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

  cut(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
    this.#deaf = false;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #end(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }
}
