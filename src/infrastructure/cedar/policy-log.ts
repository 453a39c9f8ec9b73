import type { Disagreement, PolicyObserver, PolicyRole } from '../../application/ports/policy-observer.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../application/ports/telemetry.ts';
import type { AccessDecision } from '../../domain/access/access-request.ts';

/** Disagreements logged in one minute; all of them are counted. */
const samplesAMinute = 10;
/** Pairs of rules counted apart, over all actions; what comes beyond is counted as `other`. */
const maxPairs = 500;

type Deps = { readonly logger: Logger; readonly clock: Clock; readonly telemetry?: Telemetry };

/** Counts what becomes of the policies and logs it: facts and rules, never who or what text. */
export class PolicyLog implements PolicyObserver {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #pairs = new Set<string>();
  #minuteBegan = Number.NEGATIVE_INFINITY;
  #sampled = 0;

  constructor({ logger, clock, telemetry = noTelemetry }: Deps) {
    this.#logger = logger;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  loaded(role: PolicyRole, policy: string, rules: number): void {
    this.#telemetry.add('policyLoads', 1, { role, result: 'in_force' });
    this.#logger.info({ role, policy, rules }, 'a policy set is in force');
  }

  refused(role: PolicyRole, problems: readonly string[]): void {
    this.#telemetry.add('policyLoads', 1, { role, result: 'refused' });
    this.#logger.error({ role, problems }, 'a policy set was refused; the one before it stays');
  }

  disagreed({ request, live, shadow }: Disagreement): void {
    const [live_rule, shadow_rule] = this.#pairOf(ruleOf(live), ruleOf(shadow));
    this.#telemetry.add('shadowDisagreements', 1, { action: request.action, live_rule, shadow_rule });
    if (this.#mayLog()) this.#logger.info({ ...request, live, shadow }, 'the shadow policy disagrees');
  }

  shadowSkipped(): void {
    this.#telemetry.add('shadowSkipped', 1);
  }

  shadowFailed(error: unknown): void {
    this.#telemetry.add('shadowFailures', 1);
    if (this.#mayLog()) this.#logger.warn({ err: error }, 'the shadow policy could not decide');
  }

  /** Rules come and go with every reload, and the series of a counter stay. */
  #pairOf(live: string, shadow: string): readonly [string, string] {
    if (this.#pairs.size < maxPairs) this.#pairs.add(`${live} ${shadow}`);
    return this.#pairs.has(`${live} ${shadow}`) ? [live, shadow] : ['other', 'other'];
  }

  #mayLog(): boolean {
    const now = this.#clock.monotonicMs();
    if (now - this.#minuteBegan >= 60_000) {
      this.#minuteBegan = now;
      this.#sampled = 0;
    }
    return ++this.#sampled <= samplesAMinute;
  }
}

const ruleOf = ({ basis }: AccessDecision): string => basis?.rules[0] ?? 'none';
