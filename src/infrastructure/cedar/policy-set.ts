import type { PolicyBook } from '../../application/ports/policy-book.ts';
import type { PolicyEngine } from '../../application/ports/policy-engine.ts';
import type { PolicyObserver, PolicyRole } from '../../application/ports/policy-observer.ts';
import type { AccessDecision, AccessRequest } from '../../domain/access/access-request.ts';
import { CedarPolicyEngine } from './cedar-policy-engine.ts';
import { hashOf, PolicyRefused, type PolicySource, readPolicySource } from './policy-source.ts';

/** The policies of a folder, as it was when it was last good. */
export class PolicySet implements PolicyEngine, PolicyBook {
  readonly #dir: string;
  readonly #role: PolicyRole;
  readonly #observer: PolicyObserver;
  #engine: CedarPolicyEngine | undefined;
  /** What was said when it was refused: it is not said again at every look. */
  #complaint = '';

  constructor(dir: string, role: PolicyRole, observer: PolicyObserver) {
    this.#dir = dir;
    this.#role = role;
    this.#observer = observer;
  }

  get isLoaded(): boolean {
    return this.#engine !== undefined;
  }
  get hash(): string {
    return this.#current.hash;
  }
  get rules(): CedarPolicyEngine['rules'] {
    return this.#current.rules;
  }

  decide(request: AccessRequest): AccessDecision {
    return this.#current.decide(request);
  }

  /** Throws PolicyRefused. */
  load(): void {
    const source = readPolicySource(this.#dir);
    if (hashOf(source) !== this.#engine?.hash) this.#replace(source);
    this.#complaint = '';
  }

  /** Looks again. What is not good is refused, and what was in force stays. */
  reload(): 'changed' | 'same' | 'refused' {
    const before = this.#engine;
    try {
      this.load();
      return this.#engine === before ? 'same' : 'changed';
    } catch (error) {
      const problems = error instanceof PolicyRefused ? error.problems : [String(error)];
      const complaint = problems.join('\n');
      if (complaint !== this.#complaint) this.#observer.refused(this.#role, problems);
      this.#complaint = complaint;
      return 'refused';
    }
  }

  /** The new engine brings an empty cache. */
  #replace(source: PolicySource): void {
    const engine = CedarPolicyEngine.of(source);
    this.#engine?.dispose();
    this.#engine = engine;
    this.#observer.loaded(this.#role, engine.hash, engine.rules.length);
  }

  get #current(): CedarPolicyEngine {
    if (this.#engine === undefined) throw new Error(`no policy is loaded from ${this.#dir}`);
    return this.#engine;
  }
}
