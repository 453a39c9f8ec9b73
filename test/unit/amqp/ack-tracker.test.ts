import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckTracker, gapPatienceMs } from '../../../src/infrastructure/amqp/ack-tracker.ts';

/** What the broker makes of the acks; throws on any it would take for something else than what was settled. */
const brokerSide = () => {
  const unacked = new Set<number>();
  const settled = new Set<number>();
  const frames: { tag: number; multiple: boolean }[] = [];
  const take = (tag: number) => {
    if (!unacked.delete(tag)) throw new Error(`${tag} acked twice`);
    if (!settled.has(tag)) throw new Error(`${tag} acked before it was settled`);
  };
  return {
    unacked,
    settled,
    frames,
    ack(tag: number, multiple: boolean) {
      frames.push({ tag, multiple });
      if (!unacked.has(tag)) throw new Error(`unknown delivery tag ${tag}`);
      if (multiple) for (const one of [...unacked]) one <= tag && take(one);
      else take(tag);
    },
  };
};

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'deliver' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settleAgain' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('flush' as const), afterMs: fc.constantFrom(0, 10, 999, 1_000, 5_000) }),
  },
);

describe('AckTracker', () => {
  it('acks every settled delivery exactly once and no other, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const broker = brokerSide();
        const tracker = new AckTracker(broker.ack, 4);
        let lastTag = 0;
        let nowMs = 0;
        const deliveredMs = new Map<number, number>();
        for (const action of steps) {
          const open = [...broker.unacked].filter((tag) => !broker.settled.has(tag));
          switch (action.kind) {
            case 'deliver':
              broker.unacked.add(++lastTag);
              tracker.delivered(lastTag, nowMs);
              deliveredMs.set(lastTag, nowMs);
              break;
            case 'settle': {
              const tag = open[action.which % open.length];
              if (tag === undefined) break;
              broker.settled.add(tag);
              tracker.settled(tag);
              break;
            }
            case 'settleAgain': {
              const before = [...broker.settled];
              if (before.length > 0) tracker.settled(before[action.which % before.length]!);
              break;
            }
            case 'flush':
              nowMs += action.afterMs;
              tracker.flush(nowMs);
          }
          const unsettled = [...broker.unacked].filter((tag) => !broker.settled.has(tag));
          expect(tracker.unsettled).toBe(unsettled.length);
          expect(tracker.oldestMs).toBe(deliveredMs.get(unsettled[0]!));
          expect(tracker.ready).toBe([...broker.unacked].filter((tag) => broker.settled.has(tag)).length);
        }
        tracker.flush(nowMs);
        tracker.flush(nowMs + gapPatienceMs);
        expect([...broker.unacked].filter((tag) => broker.settled.has(tag))).toEqual([]);
        expect(tracker.ready).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  const delivered = (count: number) => {
    const broker = brokerSide();
    const tracker = new AckTracker(broker.ack, 256);
    for (let tag = 1; tag <= count; tag++) {
      broker.unacked.add(tag);
      tracker.delivered(tag, tag);
    }
    const settle = (...tags: number[]) => {
      for (const tag of tags) {
        broker.settled.add(tag);
        tracker.settled(tag);
      }
    };
    return { tracker, settle, frames: broker.frames };
  };

  it('acks a run of settled deliveries with one frame', () => {
    const { tracker, settle, frames } = delivered(10);
    settle(3, 1, 5, 2);
    tracker.flush(0);
    expect(frames).toEqual([{ tag: 3, multiple: true }]);
  });

  it('waits a second for a gap to close, then acks what lies above it singly', () => {
    const { tracker, settle, frames } = delivered(10);
    settle(2, 4);
    tracker.flush(0);
    tracker.flush(999);
    expect(frames).toEqual([]);
    tracker.flush(1_000);
    expect(frames).toEqual([
      { tag: 2, multiple: false },
      { tag: 4, multiple: false },
    ]);
    settle(1, 3);
    tracker.flush(1_001);
    expect(frames.slice(2)).toEqual([{ tag: 3, multiple: true }]);
  });

  it('gives a new gap its own second', () => {
    const { tracker, settle, frames } = delivered(10);
    settle(2, 4);
    tracker.flush(0);
    settle(1);
    tracker.flush(900);
    expect(frames).toEqual([{ tag: 2, multiple: true }]);
    tracker.flush(1_500);
    expect(frames).toHaveLength(1);
    tracker.flush(1_900);
    expect(frames.slice(1)).toEqual([{ tag: 4, multiple: false }]);
  });

  it('knows since when the oldest is held, also after what lies between was acked', () => {
    const { tracker, settle } = delivered(10); // each at the time of its tag
    settle(2, 3, 4);
    tracker.flush(20, true);
    settle(1);
    expect(tracker.oldestMs).toBe(5);
    settle(5, 6, 7, 8, 9, 10);
    expect(tracker.oldestMs).toBeUndefined();
  });

  it('acks everything settled at once when asked to', () => {
    const { tracker, settle, frames } = delivered(10);
    settle(2, 4);
    tracker.flush(0, true);
    expect(frames).toHaveLength(2);
  });
});
