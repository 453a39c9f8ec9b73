import type { PolicyEngine } from '../../application/ports/policy-engine.ts';
import type { PolicyObserver } from '../../application/ports/policy-observer.ts';
import type { AccessDecision, AccessRequest } from '../../domain/access/access-request.ts';
import type { PolicySet } from './policy-set.ts';

type Question = { readonly request: AccessRequest; readonly live: AccessDecision };

/** Decided in one go, before the event loop gets its turn: at most a millisecond when none of it is cached. */
const atOnce = 32;

/** Decides by the policies in force, and has another set look on: it is asked when the answer is out, never changes it, and is passed
 *  over when there is too much to do. */
export class ShadowedPolicy implements PolicyEngine {
  readonly #live: PolicyEngine;
  readonly #shadow: PolicySet;
  readonly #observer: PolicyObserver;
  readonly #capacity: number;
  #waiting: Question[] = [];

  constructor(live: PolicyEngine, shadow: PolicySet, observer: PolicyObserver, { capacity = 1_000 } = {}) {
    this.#live = live;
    this.#shadow = shadow;
    this.#observer = observer;
    this.#capacity = capacity;
  }

  decide(request: AccessRequest): AccessDecision {
    const live = this.#live.decide(request);
    if (this.#shadow.isLoaded) this.#ask({ request, live });
    return live;
  }

  #ask(question: Question): void {
    if (this.#waiting.length >= this.#capacity) {
      this.#observer.shadowSkipped();
      return;
    }
    if (this.#waiting.push(question) === 1) setImmediate(() => this.#look());
  }

  #look(): void {
    const now = this.#waiting.slice(0, atOnce);
    this.#waiting = this.#waiting.slice(atOnce);
    for (const question of now) this.#compare(question);
    if (this.#waiting.length > 0) setImmediate(() => this.#look());
  }

  #compare({ request, live }: Question): void {
    try {
      const shadow = this.#shadow.decide(request);
      if (codeOf(shadow) !== codeOf(live)) this.#observer.disagreed({ request, live, shadow });
    } catch (error) {
      this.#observer.shadowFailed(error);
    }
  }
}

const codeOf = (word: AccessDecision): string => (word.effect === 'deny' ? word.code : 'permit');
