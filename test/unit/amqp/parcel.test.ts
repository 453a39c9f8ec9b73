import { IllegalOperationError } from 'amqplib/callback_api';
import { describe, expect, it } from 'vitest';
import { publishMandatory } from '../../../src/infrastructure/amqp/parcel.ts';

describe('a message that is moved', () => {
  const ownHeaders = { 'x-reason': 'why' };
  const options = {
    persistent: true,
    replyTo: 'q',
    correlationId: '1',
    timestamp: 2 ** 64,
    headers: { ...ownHeaders, theirs: 'much' },
  };
  const move = (refuse: (options: Record<string, unknown>) => Error | undefined) => {
    const tried: Record<string, unknown>[] = [];
    const publish = (_exchange: string, _key: string, _content: Buffer, one: Record<string, unknown>) => {
      const error = refuse(one);
      if (error !== undefined) throw error;
      tried.push(one);
    };
    publishMandatory(
      { publish } as never,
      { exchange: '', routingKey: 'queue', content: Buffer.from('x'), options, ownHeaders },
      () => {},
    );
    return tried;
  };
  const tooMuch = new RangeError('cannot be written');

  it('keeps every property that can be written', () => {
    expect(move(() => undefined)).toEqual([{ ...options, mandatory: true }]);
  });

  it('loses its sender’s headers before anything else', () => {
    const moved = move(({ headers }) => ('theirs' in (headers as object) ? tooMuch : undefined));
    expect(moved).toEqual([{ ...options, headers: ownHeaders, mandatory: true }]);
  });

  it('goes with its reply address and the reason alone when a property cannot be written', () => {
    const moved = move(({ timestamp }) => (timestamp === undefined ? undefined : tooMuch));
    expect(moved).toEqual([
      { persistent: true, replyTo: 'q', correlationId: '1', headers: ownHeaders, mandatory: true },
    ]);
  });

  it('is not tried again on a channel that is gone', () => {
    let tries = 0;
    const gone = () => {
      tries++;
      return new IllegalOperationError('Channel closed', '');
    };
    expect(() => move(gone)).toThrow('Channel closed');
    expect(tries).toBe(1);
  });
});
