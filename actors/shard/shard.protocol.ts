import type { CommandConsumer } from '../../src/application/ports/command-consumer.ts';
import type { EventPublisher } from '../../src/application/ports/event-publisher.ts';
import type { Ownership } from '../../src/application/ports/ownership.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';
import type { Telemetry } from '../../src/application/ports/telemetry.ts';
import type { Tracer } from '../../src/application/ports/tracer.ts';
import type { BucketLimits } from '../../src/application/turn/decide-command.ts';
import type { RateLimits } from '../../src/application/turn/rate-limit.ts';
import type { HashKey } from '../../src/application/turn/resident-chat.ts';
import type { ActorSystem } from '../kit/actor-system.ts';

/** How many chats a shard keeps in memory, and for how long without a command. */
export type Residency = { readonly maxChats: number; readonly idleMs: number };

/** What the guardian needs to keep this process's share of the shards going. */
export type CellDeps = {
  readonly system: ActorSystem;
  readonly ownership: Ownership;
  readonly consumer: CommandConsumer;
  readonly publisher: EventPublisher;
  readonly policy: PolicyDecisionPoint;
  readonly hashKey: HashKey;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: BucketLimits;
  /** Left out: no limits. */
  readonly rates?: RateLimits;
  readonly residency: Residency;
  /** Left out: nobody is told. */
  readonly telemetry?: Telemetry;
  readonly tracer?: Tracer;
  /** How long the broker may be out of reach before this process gives its shards away. Default: 15 s, longer than a broker's restart
   *  and than the pause between two attempts to connect. */
  readonly brokerPatienceMs?: number;
};
