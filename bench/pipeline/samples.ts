import type { Decision } from '../../src/application/decision.ts';
import { answerOf } from '../../src/application/decision.ts';
import { keysPerBlock } from '../../src/application/turn/key-log.ts';
import type { MessagePosted } from '../../src/domain/chat/entry.ts';
import { eventBody } from '../../src/interface-adapters/amqp/event-json.ts';
import { madeClock, madeDecisions } from '../stores/made-chat.ts';

export type SamplePost = { readonly decision: Decision; readonly entry: MessagePosted };

/** A real decision about a message, one that completes a block of keys or one that does not. */
export const samplePost = (bodyBytes: number, { completesBlock = false } = {}): SamplePost => {
  const plan = { id: 'sample-00000', shard: 0, messages: keysPerBlock, bodyBytes };
  const decisions = [...madeDecisions(plan, madeClock(0))];
  const decision = decisions[completesBlock ? keysPerBlock - 1 : 10]!;
  const entry = answerOf(decision);
  if (!('body' in entry) || entry.type !== 'message.posted') throw new Error('the sample is no post');
  return { decision, entry };
};

export const sampleEvent = (bodyBytes: number): string => eventBody(samplePost(bodyBytes).entry);
