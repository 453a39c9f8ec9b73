import { z } from 'zod';

export const aliveSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Alive' });

export const readinessSchema = z
  .object({
    status: z.enum(['ready', 'unavailable']),
    checks: z.record(z.string(), z.object({ status: z.enum(['up', 'down']) })),
  })
  .meta({ id: 'Readiness', description: 'Every dependency by name.' });

export type Readiness = z.output<typeof readinessSchema>;
