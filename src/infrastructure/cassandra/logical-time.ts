import cassandra from 'cassandra-driver';

const { Long } = cassandra.types;

/** The write timestamp of everything that follows from decision `n` of a shard's epoch: 2^53 + epoch · 2^42 + n. It depends on the
 *  decision alone, so a late or repeated projection changes nothing, and lies above every clock's microseconds (ADR-002).
 *  Beyond what a double can hold, hence the two halves. */
export const logicalTime = (epoch: number, n: number): cassandra.types.Long =>
  Long.fromBits(n | 0, 2 ** 21 + epoch * 2 ** 10 + Math.floor(n / 2 ** 32));
