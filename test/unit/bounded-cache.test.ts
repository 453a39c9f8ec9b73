import { expect, it } from 'vitest';
import { BoundedCache } from '../../src/infrastructure/system/bounded-cache.ts';

it('never holds more than its capacity, and keeps what is used', () => {
  const cache = new BoundedCache<string, number>(100);
  cache.set('favourite', 1);
  for (let n = 0; n < 10_000; n++) {
    cache.set(`once ${n}`, n);
    expect(cache.get('favourite')).toBe(1);
    expect(cache.size).toBeLessThanOrEqual(100);
  }
  expect(cache.get('once 0')).toBeUndefined();
  expect(cache.get('once 9999')).toBe(9999);
});
