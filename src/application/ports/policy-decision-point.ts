import type { AccessDecision, AccessRequest } from '../../domain/access/access-request.ts';

/** Answers each request, in order. Rejects when it cannot decide: the caller holds the command and asks again; it never
 *  permits and never denies on its own (ADR-006). */
export type PolicyDecisionPoint = {
  decide(requests: readonly AccessRequest[]): Promise<readonly AccessDecision[]>;
};
