import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dashboardFiles, dashboardsUrl } from '../../../ops/dashboards.ts';
import { metricsDoc, metricsDocUrl } from '../../../ops/metrics-doc.ts';

it('docs/metrics.md says what the catalogue says; `npm run metrics-doc` writes it', () => {
  expect(readFileSync(metricsDocUrl, 'utf8')).toBe(metricsDoc());
});

it.each(dashboardFiles())(
  '%s is what ops/grafana/catalogue.ts says; `npm run dashboards` writes it',
  (name, content) => {
    expect(readFileSync(new URL(name, dashboardsUrl), 'utf8')).toBe(content);
  },
);
