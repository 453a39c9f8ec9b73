import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { metricsDoc, metricsDocUrl } from '../../../ops/metrics-doc.ts';

it('docs/metrics.md says what the catalogue says; `npm run metrics-doc` writes it', () => {
  expect(readFileSync(metricsDocUrl, 'utf8')).toBe(metricsDoc());
});
