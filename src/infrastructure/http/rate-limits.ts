import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';

/** Requests of one caller in a minute, counted by this process alone; 0: no limit. */
export type RequestsPerMinute = { readonly perUser: number; readonly perAddress: number };

export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super('too many requests');
    this.retryAfterMs = retryAfterMs;
  }
}

/** Callers whose count is remembered; beyond, the one who was longest silent is forgotten. */
const callersRemembered = 50_000;

/** Two hooks. By address before the token is looked at, so that guessing at tokens is limited too; by user after it. */
export const rateLimits = async (
  app: FastifyInstance,
  { perUser, perAddress }: RequestsPerMinute,
): Promise<{ readonly byAddress: onRequestHookHandler; readonly byUser: onRequestHookHandler }> => {
  await app.register(rateLimit, { global: false });
  // Each limit of the plugin answers once a request; asked by hand, both are.
  const hook = (max: number, keyOf?: (request: FastifyRequest) => string): onRequestHookHandler => {
    if (max === 0) return async () => {};
    const options = { max, timeWindow: 60_000, cache: callersRemembered, ...(keyOf && { keyGenerator: keyOf }) };
    const check = app.createRateLimit(options);
    return async (request) => {
      const limit = await check(request);
      if (!limit.isAllowed && limit.isExceeded) throw new TooManyRequests(limit.ttl);
    };
  };
  return { byAddress: hook(perAddress), byUser: hook(perUser, (request) => request.userId) };
};
