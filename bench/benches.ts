import type { Bench } from './core/bench.ts';
import { growth } from './growth.ts';
import { http } from './http.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { pages } from './pages.ts';
import { pipeline } from './pipeline.ts';
import { policy } from './policy.ts';
import { restartBench } from './restart.ts';
import { telemetry } from './telemetry.ts';

export const benches: Readonly<Record<string, Bench>> = {
  pipeline,
  latency,
  growth,
  pages,
  policy,
  memory,
  restart: restartBench,
  http,
  telemetry,
};
