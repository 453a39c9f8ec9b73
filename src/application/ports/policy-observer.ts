import type { AccessDecision, AccessRequest } from '../../domain/access/access-request.ts';

/** `live` decides, `shadow` only says what it would have decided. */
export type PolicyRole = 'live' | 'shadow';

/** The shadow policy would have given another effect, or another code. */
export type Disagreement = {
  readonly request: AccessRequest;
  readonly live: AccessDecision;
  readonly shadow: AccessDecision;
};

/** Told of what becomes of the policies, for logs and metrics. MUST NOT throw, and MUST be quick: it is called where decisions are made. */
export type PolicyObserver = {
  /** In force from here on. */
  loaded(role: PolicyRole, policy: string, rules: number): void;
  /** The set before it stays. */
  refused(role: PolicyRole, problems: readonly string[]): void;
  disagreed(disagreement: Disagreement): void;
  /** So much came that the shadow was not asked. */
  shadowSkipped(): void;
  shadowFailed(error: unknown): void;
};
