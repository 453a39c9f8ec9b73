import { createSecretKey } from 'node:crypto';
import { type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import type { Logger } from '../../application/ports/system.ts';
import { parseUserId, type UserId } from '../../domain/ids.ts';
import { BoundedCache } from '../system/bounded-cache.ts';
import { remoteKeys } from './remote-keys.ts';

export type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512';

/** Which tokens are good. The algorithm is pinned: what a token's own header says has no weight. */
export type TokenRules = {
  /** The key's text, shared with who signs; or where the public keys are. */
  readonly keys: { readonly shared: string } | { readonly jwksUrl: string };
  /** One for that kind of keys: a public key must never be taken for a shared one. */
  readonly algorithm: string;
  /** Checked when set. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
};

/** Resolves with who the token speaks for; rejects when it speaks for nobody, or with KeysUnavailable. */
export type TokenVerifier = (token: string) => Promise<UserId>;

/** A token that was good is taken at its word for so long, as far as it lives: checking a signature costs as much as reading a message. A key
 *  that is withdrawn is believed this much longer. */
export const believedMs = 30_000;
const tokensRemembered = 10_000;

/** The clocks of the service that issues tokens and of this one may differ by so much. */
const clockToleranceS = 5;

/** The key's text is the secret, as in the services that share it. */
export const secretOf = (key: string): Uint8Array => new TextEncoder().encode(key);

/** Tokens of the auth service: `exp`, and `user_id` as an integer or a string. */
export const tokenVerifier = ({ keys, algorithm, issuer, audience }: TokenRules, logger: Logger): TokenVerifier => {
  if ('shared' in keys !== algorithm.startsWith('HS')) {
    throw new Error(`${algorithm} is no algorithm for ${'shared' in keys ? 'a shared key' : 'public keys'}`);
  }
  const options: JWTVerifyOptions = {
    algorithms: [algorithm],
    clockTolerance: clockToleranceS,
    requiredClaims: ['exp', 'user_id'],
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  if ('shared' in keys) {
    // As a key object: jose would import bytes anew for every token.
    const secret = createSecretKey(secretOf(keys.shared));
    return remembering((token) => jwtVerify(token, secret, options));
  }
  const getKey = remoteKeys({ url: keys.jwksUrl, logger });
  return remembering((token) => jwtVerify(token, getKey, options));
};

type GoodToken = { readonly userId: UserId; readonly believedUntilMs: number; readonly expiresMs: number };

const remembering = (verify: (token: string) => Promise<JWTVerifyResult>): TokenVerifier => {
  const good = new BoundedCache<string, GoodToken>(tokensRemembered);
  return async (token) => {
    const known = good.get(token);
    // By a clock that nobody sets; when a token expires is a time of day.
    const nowMs = performance.now();
    if (known !== undefined && nowMs < known.believedUntilMs && Date.now() < known.expiresMs) return known.userId;
    const { payload } = await verify(token);
    const userId = userOf(payload);
    // `exp` is among the required claims.
    const expiresMs = (payload.exp! + clockToleranceS) * 1000;
    good.set(token, { userId, believedUntilMs: nowMs + believedMs, expiresMs });
    return userId;
  };
};

const userOf = ({ user_id: claim }: JWTPayload): UserId => {
  const text = typeof claim === 'string' || Number.isSafeInteger(claim) ? String(claim) : '';
  const id = parseUserId(text);
  if (id === undefined) throw new Error('the claim user_id is not a user id');
  return id;
};
