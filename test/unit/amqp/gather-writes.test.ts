import { Writable } from 'node:stream';
import { setImmediate as nextPass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { gatherWrites } from '../../../src/infrastructure/amqp/gather-writes.ts';

const socket = () => {
  const calls: string[][] = [];
  const stream = new Writable({
    highWaterMark: 10,
    write: (chunk, _encoding, done) => {
      calls.push([chunk.toString()]);
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => chunk.toString()));
      done();
    },
  });
  gatherWrites(stream);
  return { stream, calls };
};

it('what is written in one task leaves in one call, in its order', async () => {
  const { stream, calls } = socket();
  for (const text of ['a', 'b', 'c']) stream.write(text);
  await nextPass();
  stream.write('d');
  await nextPass();
  expect(calls).toEqual([['a', 'b', 'c'], ['d']]);
});

it('a writer still hears when to stop, and when to go on', async () => {
  const { stream, calls } = socket();
  let drained = 0;
  stream.on('drain', () => drained++);
  expect(stream.write('12345')).toBe(true);
  expect(stream.write('67890')).toBe(false);
  await nextPass();
  expect(drained).toBe(1);
  expect(calls).toEqual([['12345', '67890']]);
});

it('what was written before the end is sent', async () => {
  const { stream, calls } = socket();
  stream.write('last words');
  stream.end();
  await new Promise((resolve) => stream.once('finish', resolve));
  expect(calls).toEqual([['last words']]);
});
