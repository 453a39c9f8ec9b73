import { SignJWT } from 'jose';
import type { UserId } from '../../domain/ids.ts';
import { wireUserId } from '../../interface-adapters/amqp/user-id.ts';
import { secretOf } from './verify-token.ts';

/** A token as the auth service would issue it: for the start banner in development, the demo and tests. `algorithm`: one with a
 *  shared key. */
export const issueToken = (
  key: string,
  userId: UserId,
  ttlSeconds: number,
  algorithm = 'HS256',
  { issuer, audience }: { readonly issuer?: string | undefined; readonly audience?: string | undefined } = {},
): Promise<string> => {
  const token = new SignJWT({ user_id: wireUserId(userId) })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(secretOf(key));
};
