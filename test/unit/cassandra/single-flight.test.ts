import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../../src/infrastructure/cassandra/single-flight.ts';

const controlled = () => {
  const reads: ReturnType<typeof Promise.withResolvers<number>>[] = [];
  const read = () => {
    reads.push(Promise.withResolvers<number>());
    return reads.at(-1)!.promise;
  };
  return { reads, read };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('SingleFlight', () => {
  it('answers all that wait with one read that began after they asked', async () => {
    const flights = new SingleFlight();
    const { reads, read } = controlled();
    const first = flights.run('k', read);
    const others = [flights.run('k', read), flights.run('k', read), flights.run('k', read)];
    await turn();
    expect(reads).toHaveLength(1);
    reads[0]!.resolve(1);
    await turn();
    expect(reads).toHaveLength(2);
    reads[1]!.resolve(2);
    expect([await first, ...(await Promise.all(others))]).toEqual([1, 2, 2, 2]);
  });

  it('reads again when a read has failed', async () => {
    const flights = new SingleFlight();
    const { reads, read } = controlled();
    const first = flights.run('k', read);
    const second = flights.run('k', read);
    reads[0]!.reject(new Error('no quorum'));
    await expect(first).rejects.toThrow('no quorum');
    await turn();
    reads[1]!.resolve(2);
    expect(await second).toBe(2);
  });

  it('reads anew for everybody who asks later, and keeps keys apart', async () => {
    const flights = new SingleFlight();
    expect(await flights.run('k', async () => 1)).toBe(1);
    expect(await Promise.all([flights.run('k', async () => 2), flights.run('l', async () => 3)])).toEqual([2, 3]);
  });
});
