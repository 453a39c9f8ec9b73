import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Resolves with the address; rejects with a sentence that says what to do. */
export const listen = (server: Server, { host, port }: { host: string; port: number }): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be had (${cause.code})`;
      reject(
        new Error(`Port ${port} for metrics ${reason}: set METRICS_PORT to a free one, or to 0 for any.`, { cause }),
      );
    });
    server.listen({ host, port }, () => {
      const { address, port: bound, family } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/metrics`);
    });
    // A scrape never keeps the process alive.
    server.unref();
  });

export const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
