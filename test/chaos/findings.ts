export type Violation = 'lost' | 'doubled' | 'reordered' | 'unexpected';

const examplesKept = 10;

/** Counts violations and keeps the first few in words. */
export class Findings {
  readonly counts: Record<Violation, number> = { lost: 0, doubled: 0, reordered: 0, unexpected: 0 };
  readonly examples: string[] = [];

  add(violation: Violation, what: string): void {
    this.counts[violation]++;
    if (this.examples.length < examplesKept) this.examples.push(`${violation}: ${what}`);
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}
