import { journalQueries } from '../../../src/infrastructure/cassandra/journal-statements.ts';

type Call = { readonly query: string; readonly params: readonly unknown[] };
/** What becomes of one statement: it applies and answers, applies and the answer is lost, or never arrives. */
export type Fate = 'answered' | 'answer lost' | 'lost';

/** One session's row of the journal, with the conditions of its statements; the network in front of it is the test's. */
export class FakeJournalRow {
  state = 'open';
  nextPos = 0;
  donePos = -1;
  beat = 0;
  readonly slots = new Map<number, { pos: number; payload: Buffer }>();
  readonly calls: Call[] = [];
  fate: (call: Call) => Fate = () => 'answered';

  get appends(): readonly Call[] {
    return this.calls.filter(({ query }) => query === journalQueries.append);
  }

  async execute(query: string, params: readonly unknown[]): Promise<{ first(): Record<string, unknown> }> {
    const call = { query, params };
    this.calls.push(call);
    const fate = this.fate(call);
    const row = fate === 'lost' ? undefined : this.apply(call);
    await new Promise((resolve) => setImmediate(resolve));
    if (fate !== 'answered') throw new Error('timed out');
    return { first: () => row! };
  }

  apply({ query, params }: Call): Record<string, unknown> {
    const refused = { '[applied]': false, state: this.state, next_pos: this.nextPos, beat: this.beat };
    if (this.state !== 'open') return refused;
    if (query === journalQueries.append) {
      const [nextPos, donePos, pos, payload, , slot, expected] = params as [
        number,
        number,
        number,
        Buffer,
        string,
        number,
        number,
      ];
      if (this.nextPos !== expected) return refused;
      this.slots.set(slot, { pos, payload });
      Object.assign(this, { nextPos, donePos });
    } else if (query === journalQueries.beat) {
      const [beat, donePos, , expectedBeat, expectedPos] = params as [number, number, string, number, number];
      if (this.beat !== expectedBeat || this.nextPos !== expectedPos) return refused;
      Object.assign(this, { beat, donePos });
    } else {
      const [, expectedPos, expectedBeat] = params as [string, number, number];
      if (this.beat !== expectedBeat || this.nextPos !== expectedPos) return refused;
      this.state = 'fenced';
    }
    return { '[applied]': true };
  }
}
