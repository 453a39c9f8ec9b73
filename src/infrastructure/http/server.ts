import type { FastifyInstance } from 'fastify';

/** The only place that listens. Resolves with the address; rejects with a sentence that says what to do. */
export const listen = async (app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> => {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    if (reason === undefined) throw error;
    throw new Error(reason(host, port), { cause: error });
  }
};

const idleCheckMs = 20;

/** Takes no new connection, answers what was asked, and closes. A connection that is kept alive becomes idle after its answer, and
 *  would otherwise hold the server open until the client lets go of it. */
export const close = async (app: FastifyInstance): Promise<void> => {
  const timer = setInterval(() => app.server.closeIdleConnections(), idleCheckMs);
  try {
    await app.close();
  } finally {
    clearInterval(timer);
  }
};

const reasons: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_host, port) => `Port ${port} is taken: stop what listens there, or set HTTP_PORT to a free one.`,
  EACCES: (_host, port) => `Port ${port} needs more rights than this process has: set HTTP_PORT to one above 1023.`,
  EADDRNOTAVAIL: (host) => `${host} is not an address of this machine: set HTTP_HOST, for example to 127.0.0.1.`,
  ENOTFOUND: (host) => `${host} is not an address of this machine: set HTTP_HOST, for example to 127.0.0.1.`,
};
