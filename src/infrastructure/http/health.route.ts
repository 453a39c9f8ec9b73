import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { aliveSchema, type Readiness, readinessSchema } from '../../interface-adapters/http/health.schema.ts';

/** Resolves when the dependency answers; rejects with what is wrong, in a sentence for operators. */
export type Check = () => Promise<void>;
export type Checks = Readonly<Record<string, Check>>;

export const healthRoutes =
  (checks: Checks, timeoutMs: number): FastifyPluginAsyncZod =>
  async (app) => {
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
        const readiness = await ask(checks, timeoutMs);
        return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness);
      },
    );
  };

const ask = async (checks: Checks, timeoutMs: number): Promise<Readiness> => {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await answerOf(check, timeoutMs)] as const),
  );
  const ready = results.every(([, { status }]) => status === 'up');
  return { status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(results) };
};

const answerOf = async (check: Check, timeoutMs: number): Promise<Readiness['checks'][string]> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([check(), late.promise]);
    return { status: 'up' };
  } catch (error) {
    return { status: 'down', error: withoutCredentials(error instanceof Error ? error.message : String(error)) };
  } finally {
    clearTimeout(timer);
  }
};

/** Whoever can ask for readiness need not know the broker's password. */
const withoutCredentials = (text: string): string => text.replace(/\/\/[^/\s]*@/g, '//***@');
