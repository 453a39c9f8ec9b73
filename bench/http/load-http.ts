import { Agent, request } from 'node:http';
import { build, type Histogram } from 'hdr-histogram-js';

export type Requested = { readonly histogram: Histogram; readonly wallMs: number; readonly bytes: number };

export const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });

/** So many requests, `atOnce` of them under way at any time, each as soon as one before it is answered. Fails on any answer but 200. */
export const requests = async (
  count: number,
  atOnce: number,
  urlOf: (index: number) => string,
  headers: Readonly<Record<string, string>>,
): Promise<Requested> => {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const histogram = newHistogram();
  let next = 0;
  let bytes = 0;
  const one = (url: string) =>
    new Promise<void>((resolve, reject) => {
      const startMs = performance.now();
      request(url, { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${url} was answered with ${response.statusCode}`));
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('end', () => {
          histogram.recordValue(Math.max(1, Math.round((performance.now() - startMs) * 1000)));
          resolve();
        });
        response.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await one(urlOf(next++));
    }),
  );
  agent.destroy();
  return { histogram, wallMs: performance.now() - startMs, bytes };
};
