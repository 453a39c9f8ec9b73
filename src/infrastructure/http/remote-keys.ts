import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Logger } from '../../application/ports/system.ts';

/** Whether the token is good cannot be said, because the keys cannot be had. No fault of who sent it: 503, not 401. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

export type RemoteKeysOptions = {
  readonly url: string;
  readonly logger: Logger;
  /** One attempt to fetch the keys. */
  readonly timeoutMs?: number;
  /** After a failure, nothing is fetched for so long: requests must not queue up behind a server that is down. */
  readonly pauseAfterFailureMs?: number;
  /** The keys are fetched anew when they are older, */
  readonly freshMs?: number;
  /** and, for a token with a key that is not known, when they are older than this: rotation, without a way to make us ask often. */
  readonly cooldownMs?: number;
  /** Keys that cannot be fetched anew are still good for so long. It bounds how long a withdrawn key lives when its server is cut off. */
  readonly staleMs?: number;
};

/** The public keys behind JWKS_URL. */
export const remoteKeys = ({
  url,
  logger,
  timeoutMs = 5_000,
  pauseAfterFailureMs = 5_000,
  freshMs = 600_000,
  cooldownMs = 30_000,
  staleMs = 3_600_000,
}: RemoteKeysOptions): JWTVerifyGetKey => {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: freshMs,
  });
  let failed: { readonly atMs: number; readonly reason: string } | undefined;
  let goodAtMs = Number.NEGATIVE_INFINITY;

  const fallBack: JWTVerifyGetKey = async (header, token) => {
    const known = remote.jwks();
    const unavailable = new KeysUnavailable(`the keys of JWKS_URL cannot be fetched: ${failed?.reason}`);
    if (known === undefined || performance.now() - goodAtMs > staleMs) throw unavailable;
    // A key that is not among the old ones may be among the new.
    return createLocalJWKSet(known)(header, token).catch((error) => {
      throw error instanceof errors.JWKSNoMatchingKey ? unavailable : error;
    });
  };

  return async (header, token) => {
    if (failed !== undefined && performance.now() - failed.atMs < pauseAfterFailureMs) return fallBack(header, token);
    try {
      const key = await remote(header, token);
      if (failed !== undefined) logger.info({}, 'the keys of JWKS_URL can be fetched again');
      failed = undefined;
      goodAtMs = performance.now();
      return key;
    } catch (error) {
      if (isAboutTheToken(error)) throw error;
      const reason = reasonOf(error);
      failed = { atMs: performance.now(), reason };
      logger.error(
        { reason },
        'the keys of JWKS_URL cannot be fetched: tokens with known keys are good for an hour, other requests get 503; see that the URL is right and answers with a JWK set',
      );
      return fallBack(header, token);
    }
  };
};

const isAboutTheToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

/** fetch says only "fetch failed"; its cause has the reason. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message;
};
