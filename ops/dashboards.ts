import { writeFileSync } from 'node:fs';
import { dashboards } from './grafana/catalogue.ts';
import { grafanaJson } from './grafana/dashboard.ts';

/** What Grafana is provisioned with: file name and content. */
export const dashboardFiles = (): readonly (readonly [string, string])[] =>
  dashboards.map((dashboard) => [`${dashboard.uid}.json`, `${JSON.stringify(grafanaJson(dashboard), null, 2)}\n`]);

export const dashboardsUrl = new URL('./grafana/dashboards/', import.meta.url);

if (import.meta.main) {
  for (const [name, content] of dashboardFiles()) writeFileSync(new URL(name, dashboardsUrl), content);
}
