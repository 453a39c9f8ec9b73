import { describe, expect, it } from 'vitest';
import { commandKey } from '../../actors/chat/answer-memory.ts';
import { Outbox, type Step } from '../../actors/chat/outbox.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { post } from '../support/commands.ts';

const delivery = (command: Delivery['command'], { live = true, redelivered = false } = {}) =>
  ({ command, live, redelivered }) as Delivery;

const stepOf = (command: Delivery['command'], live: boolean): Step => ({
  key: commandKey(command),
  type: command.type,
  fingerprint: command.fingerprint,
  answer: {} as Step['answer'],
  traceparent: undefined,
  delivery: delivery(command, { live }),
  decision: undefined,
  ready: false,
  publishedMs: 0,
  trace: undefined,
});

const sameText = { body: 'the same text' };
const [first, second] = [post('c', 'm-1', sameText), post('c', 'm-2', sameText)];

/** Two messages of the same text are on their way; which deliveries are settled once both are confirmed? */
const start = ({ live }: { live: boolean }) => {
  const settled: Delivery[] = [];
  const onConfirm: (() => void)[] = [];
  const lane = { publish: (_: unknown, confirmed: () => void) => void onConfirm.push(confirmed) };
  const context = { lane, clock: new SystemClock() } as unknown as ConstructorParameters<typeof Outbox>[0];
  const outbox = new Outbox(context, (step) => void settled.push(step.delivery));
  const steps = [stepOf(first, live), stepOf(second, live)];
  outbox.push(steps);
  outbox.ready(steps);
  const confirmAll = () => {
    for (const confirmed of onConfirm.splice(0)) confirmed();
    return settled;
  };
  return { outbox, lost: steps[0]!.delivery, confirmAll };
};

describe('a delivery that comes again while what answers it is on its way', () => {
  it('is settled with its own answer and not with that of another message of the same text', () => {
    expect(first.fingerprint).toBe(second.fingerprint);
    const { outbox, lost, confirmAll } = start({ live: false });
    const copy = delivery(second, { redelivered: true });

    expect(outbox.adopt(copy)).toBe(true);

    const settled = confirmAll();
    expect(settled).toHaveLength(2);
    expect(settled[0]).toBe(lost);
    expect(settled[1]).toBe(copy);
  });

  it('is not taken for a copy when its text is another', () => {
    const { outbox } = start({ live: false });

    expect(outbox.adopt(delivery(post('c', 'm-1', { body: 'another' }), { redelivered: true }))).toBe(false);
  });

  it('is no copy when the broker has not delivered it before, or when the first one is still there', () => {
    expect(start({ live: false }).outbox.adopt(delivery(first))).toBe(false);
    expect(start({ live: true }).outbox.adopt(delivery(first, { redelivered: true }))).toBe(false);
  });
});
