import { type ProblemCode, problemSchema, problems } from './problem.ts';

/** What every route may answer. */
const always: readonly ProblemCode[] = ['VALIDATION_FAILED', 'INTERNAL_ERROR'];

export type ProblemResponses = Record<
  number,
  { description: string; content: { 'application/problem+json': { schema: typeof problemSchema } } }
>;

/** The error responses of a route for OpenAPI: one per status, its description naming the codes. */
export const problemResponses = (...codes: readonly ProblemCode[]): ProblemResponses => {
  const byStatus = new Map<number, string[]>();
  for (const code of [...always, ...codes]) {
    const { status, title } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${title}`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      status,
      { description: lines.join('\n\n'), content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  );
};
