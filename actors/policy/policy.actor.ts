import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { PolicyEngine } from '../../src/application/ports/policy-engine.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../src/application/ports/telemetry.ts';
import type { AccessDecision, AccessRequest } from '../../src/domain/access/access-request.ts';
import type { ActorSystem } from '../kit/actor-system.ts';
import { BatchActor } from '../kit/batch-actor.ts';

type Question = {
  readonly requests: readonly AccessRequest[];
  readonly resolve: (decisions: readonly AccessDecision[]) => void;
  readonly reject: (error: unknown) => void;
};

/** The policy decision point: one actor that hosts the engine. A question that cannot be decided is rejected, the others of the
 *  same batch are answered. */
export const spawnPolicyActor = (
  system: ActorSystem,
  engine: PolicyEngine,
  { clock, logger, telemetry = noTelemetry }: { clock: Clock; logger: Logger; telemetry?: Telemetry },
): PolicyDecisionPoint & { stop(): void } => {
  const actor = new BatchActor<Question>(system, 'policy', {
    maxBatch: 256,
    handle: (batch) => {
      const beganMs = clock.monotonicMs();
      for (const { requests, resolve, reject } of batch) {
        try {
          const decisions = requests.map((request) => engine.decide(request));
          for (const [index, { effect }] of decisions.entries()) {
            telemetry.add('policyDecisions', 1, { action: requests[index]!.action, effect });
          }
          resolve(decisions);
        } catch (error) {
          telemetry.add('policyFailures', 1);
          reject(error);
        }
      }
      telemetry.record('policyDuration', (clock.monotonicMs() - beganMs) / 1000);
      return batch.length;
    },
    crashed: (error, batch) => {
      logger.error({ err: error }, 'the policy actor failed; its questions are asked again');
      for (const { reject } of batch) reject(error);
      return batch.length;
    },
  });
  let stopped = false;
  const hasStopped = () => new Error('the policy actor has stopped');
  return {
    decide: (requests) =>
      stopped
        ? Promise.reject(hasStopped())
        : new Promise((resolve, reject) => actor.tell({ requests, resolve, reject })),
    stop: () => {
      stopped = true;
      for (const { reject } of actor.stop()) reject(hasStopped());
    },
  };
};
