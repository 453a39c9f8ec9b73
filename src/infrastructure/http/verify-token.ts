import { jwtVerify } from 'jose';
import { parseUserId, type UserId } from '../../domain/ids.ts';

export type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512';

/** Resolves with who the token speaks for; rejects when it speaks for nobody. */
export type TokenVerifier = (token: string) => Promise<UserId>;

/** The clocks of the service that issues tokens and of this one may differ by so much. */
const clockToleranceS = 5;

/** The key's text is the secret, as in the services that share it. */
export const secretOf = (key: string): Uint8Array => new TextEncoder().encode(key);

/** Tokens of the auth service: a shared key, `exp`, and `user_id` as an integer or a string. Only the configured algorithm
 *  is accepted, whatever the token's header says. */
export const tokenVerifier = (key: string, algorithm: HmacAlgorithm): TokenVerifier => {
  const secret = secretOf(key);
  const options = { algorithms: [algorithm], clockTolerance: clockToleranceS, requiredClaims: ['exp', 'user_id'] };
  return async (token) => {
    const { payload } = await jwtVerify(token, secret, options);
    const claim = payload.user_id;
    const text = typeof claim === 'string' || Number.isSafeInteger(claim) ? String(claim) : '';
    const id = parseUserId(text);
    if (id === undefined) throw new Error('the claim user_id is not a user id');
    return id;
  };
};
