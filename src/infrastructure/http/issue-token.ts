import { SignJWT } from 'jose';
import type { UserId } from '../../domain/ids.ts';
import { wireUserId } from '../../interface-adapters/amqp/user-id.ts';
import { type HmacAlgorithm, secretOf } from './verify-token.ts';

/** A token as the auth service would issue it: for the start banner in development, the demo and tests. */
export const issueToken = (
  key: string,
  userId: UserId,
  ttlSeconds: number,
  algorithm: HmacAlgorithm = 'HS256',
): Promise<string> =>
  new SignJWT({ user_id: wireUserId(userId) })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
    .sign(secretOf(key));
