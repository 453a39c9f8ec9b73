import { type Problem, type ProblemCode, problemOf, problemSchema, problems } from './problem.ts';

/** What every route may answer. */
const always: readonly ProblemCode[] = ['VALIDATION_FAILED', 'INTERNAL_ERROR'];

type ProblemContent = {
  readonly schema: typeof problemSchema;
  readonly examples: { readonly [C in ProblemCode]?: { readonly value: Problem } };
};
export type ProblemResponses = Record<
  number,
  { description: string; content: { 'application/problem+json': ProblemContent } }
>;

/** One example for each code, as the service itself would make it. */
export const problemContent = (...codes: readonly ProblemCode[]): ProblemContent => ({
  schema: problemSchema,
  examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
});

const exampleOf = (code: ProblemCode): Problem =>
  problemOf(code, problems[code].title, code === 'GONE' ? { firstAvailableSeq: 20_001 } : {});

/** The error responses of a route for OpenAPI: one per status, its description naming the codes. */
export const problemResponses = (...codes: readonly ProblemCode[]): ProblemResponses => {
  const byStatus = Map.groupBy(new Set([...always, ...codes]), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those.map((code) => `\`${code}\`: ${problems[code].title}`).join('\n\n'),
        content: { 'application/problem+json': problemContent(...those) },
      },
    ]),
  );
};
