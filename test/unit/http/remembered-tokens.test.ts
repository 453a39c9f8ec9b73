import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { believedMs, secretOf, tokenVerifier } from '../../../src/infrastructure/http/verify-token.ts';

const key = 'a key of this test, of at least thirty-two bytes';
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const signed = (user: number, exp: number, by = key) =>
  new SignJWT({ user_id: user, exp }).setProtectedHeader({ alg: 'HS256' }).sign(secretOf(by));

describe('a token that was good before', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
  afterEach(() => void vi.useRealTimers());
  const verify = tokenVerifier({ keys: { shared: key }, algorithm: 'HS256' }, logger);

  it('speaks for the same user until it expires, and not longer', async () => {
    const token = await signed(7, secondsFromNow(20));
    expect([await verify(token), await verify(token)]).toEqual(['7', '7']);
    vi.advanceTimersByTime(19_000);
    expect(await verify(token)).toBe('7');
    vi.advanceTimersByTime(7_000); // beyond the tolerance of 5 s, and within `believedMs`
    await expect(verify(token)).rejects.toThrow('"exp" claim timestamp check failed');
  });

  it('is looked at again after a while', async () => {
    const token = await signed(8, secondsFromNow(3_600));
    await verify(token);
    const look = vi.spyOn(crypto.subtle, 'verify');
    await verify(token);
    expect(look).not.toHaveBeenCalled();
    vi.advanceTimersByTime(believedMs / 2);
    vi.setSystemTime(Date.now() - 600_000); // the clock is put back
    await verify(token);
    expect(look).not.toHaveBeenCalled();
    vi.advanceTimersByTime(believedMs / 2);
    await verify(token);
    expect(look).toHaveBeenCalledOnce();
    look.mockRestore();
  });

  it('makes no other token good: not one that differs in a letter, nor one that was refused', async () => {
    const token = await signed(9, secondsFromNow(3_600));
    await verify(token);
    const other = token.slice(0, -2) + (token.at(-2) === 'A' ? 'B' : 'A') + token.at(-1);
    for (let times = 0; times < 2; times++) await expect(verify(other)).rejects.toThrow();
    const forged = await signed(9, secondsFromNow(3_600), 'another key of at least thirty-two bytes');
    for (let times = 0; times < 2; times++) await expect(verify(forged)).rejects.toThrow();
  });
});
