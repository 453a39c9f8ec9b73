import type { AccessDecision, AccessRequest } from '../../domain/access/access-request.ts';

/** Evaluates the policies. Throws when it cannot decide; then nobody is permitted anything. */
export type PolicyEngine = { decide(request: AccessRequest): AccessDecision };
