import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { hostilityOf } from '../../interface-adapters/hostile-json.ts';
import { maxHeaders } from './limits.ts';

/** Not looked at any further; the message says why. */
export class HostileBody extends Error {
  override readonly name = 'HostileBody';
}

export class TooManyHeaders extends Error {
  override readonly name = 'TooManyHeaders';
}

/** What holds for every request before its route sees it, and for every answer. */
export const limitRequests = async (app: FastifyInstance): Promise<void> => {
  app.addHook('onRequest', async (request) => {
    // Names and values in turn.
    if (request.raw.rawHeaders.length > 2 * maxHeaders) throw new TooManyHeaders('too many headers');
  });
  app.addHook('preValidation', async (request) => {
    const hostility = hostilityOf(request.body);
    if (hostility !== undefined) throw new HostileBody(hostility);
  });
  await app.register(helmet, {
    // Answers are data. The documentation, which is a page, says for itself what it may load.
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    frameguard: { action: 'deny' },
    // Whether the host is served by TLS alone is for the proxy to say, which has the certificate.
    strictTransportSecurity: false,
  });
};
