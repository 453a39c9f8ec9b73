import type { ChatStore } from '../../src/application/ports/chat-store.ts';
import type { EventLane } from '../../src/application/ports/event-publisher.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { Telemetry } from '../../src/application/ports/telemetry.ts';
import type { Tracer } from '../../src/application/ports/tracer.ts';
import type { BucketLimits, LogicalClock } from '../../src/application/turn/decide-command.ts';
import type { RateLimits } from '../../src/application/turn/rate-limit.ts';
import type { HashKey } from '../../src/application/turn/resident-chat.ts';
import type { ActorSystem } from '../kit/actor-system.ts';
import type { RejectionMemory } from './answer-memory.ts';
import type { Patience } from './patience.ts';

/** What the chats of one shard share. A chat actor's messages are deliveries, nothing else. */
export type ShardContext = Patience & {
  readonly system: ActorSystem;
  readonly store: ChatStore;
  readonly policy: PolicyDecisionPoint;
  readonly lane: EventLane;
  /** Logical time of this shard's decisions; also says which shard and epoch this is. */
  readonly logical: LogicalClock;
  readonly rejections: RejectionMemory;
  readonly hashKey: HashKey;
  readonly limits: BucketLimits;
  readonly rates: RateLimits;
  readonly telemetry: Telemetry;
  readonly tracer: Tracer;
};

/** Commands a turn takes at most. */
export const maxTurn = 64;
/** How often a command may crash its actor before it is dead-lettered. */
export const maxCrashes = 3;
