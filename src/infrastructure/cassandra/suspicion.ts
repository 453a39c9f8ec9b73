import type { SessionRow } from './fallen-sessions.ts';

type Observation = { beat: number; nextPos: number; sinceMs: number; answeredThen: number };

/** Own appends and beats that must be answered meanwhile: silence of the store is not silence of the others. */
const answersNeeded = 2;

/** Which other sessions have been silent for too long, as one session has seen them. */
export class Suspicion {
  readonly #sessionTimeoutMs: number;
  readonly #seen = new Map<string, Observation>();

  constructor(sessionTimeoutMs: number) {
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** Looks at a session once more; true when it has shown no life for the whole timeout. `answered` counts own answers. */
  isSilent(session: string, { beat, nextPos }: SessionRow, nowMs: number, answered: number): boolean {
    const seen = this.#seen.get(session);
    if (seen === undefined || seen.beat !== beat || seen.nextPos !== nextPos) {
      this.#seen.set(session, { beat, nextPos, sinceMs: nowMs, answeredThen: answered });
      return false;
    }
    return nowMs - seen.sinceMs >= this.#sessionTimeoutMs && answered - seen.answeredThen >= answersNeeded;
  }

  forgetAllBut(sessions: ReadonlySet<string>): void {
    for (const session of this.#seen.keys()) if (!sessions.has(session)) this.#seen.delete(session);
  }

  forget(session: string): void {
    this.#seen.delete(session);
  }
}
