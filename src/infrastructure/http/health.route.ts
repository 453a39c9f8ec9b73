import type { FastifyBaseLogger } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { aliveSchema, type Readiness, readinessSchema } from '../../interface-adapters/http/health.schema.ts';

/** Resolves when the dependency answers; rejects with what is wrong, in a sentence for operators. */
export type Check = () => Promise<void>;
export type Checks = Readonly<Record<string, Check>>;

export const healthRoutes =
  (checks: Checks, timeoutMs: number, logger: FastifyBaseLogger): FastifyPluginAsyncZod =>
  async (app) => {
    const down = new Map<string, string>();
    app.get(
      '/healthz',
      { schema: { summary: 'The process answers', tags: ['health'], response: { 200: aliveSchema } } },
      async () => ({ status: 'ok' as const }),
    );
    app.get(
      '/readyz',
      {
        schema: {
          summary: 'Every dependency answers',
          tags: ['health'],
          response: { 200: readinessSchema, 503: readinessSchema },
        },
      },
      async (_request, reply) => {
        const readiness = await ask(checks, timeoutMs, (name, problem) => {
          if (problem !== undefined && down.get(name) !== problem) logger.warn({ check: name, problem }, 'not ready');
          down.set(name, problem ?? '');
        });
        return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness);
      },
    );
  };

/** What is wrong goes to the log, once: it names hosts, and anybody may ask for readiness. */
type Report = (name: string, problem: string | undefined) => void;

const ask = async (checks: Checks, timeoutMs: number, report: Report): Promise<Readiness> => {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const problem = await problemOf(check, timeoutMs);
      report(name, problem);
      return [name, { status: problem === undefined ? 'up' : 'down' }] as const;
    }),
  );
  const ready = results.every(([, { status }]) => status === 'up');
  return { status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(results) };
};

const problemOf = async (check: Check, timeoutMs: number): Promise<string | undefined> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([check(), late.promise]);
    return undefined;
  } catch (error) {
    return withoutCredentials(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
};

const withoutCredentials = (text: string): string => text.replace(/\/\/[^/\s]*@/g, '//***@');
