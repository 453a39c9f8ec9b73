import type { DashboardJson } from './schema.ts';

/** One panel: what it shows, in what unit, by which expressions. */
export type Panel = {
  readonly title: string;
  /** Grafana's names: s, ms, short, reqps, bytes, percentunit. */
  readonly unit: string;
  readonly about: string;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
};

export type Dashboard = { readonly uid: string; readonly title: string; readonly panels: readonly Panel[] };

const columns = 3;
const width = 24 / columns;
const height = 8;

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own placeholder
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** What Grafana reads. Every panel is a graph over time; `$instance` chooses among instances. */
export const grafanaJson = ({ uid, title, panels }: Dashboard): DashboardJson => ({
  uid,
  title: `chat-messaging: ${title}`,
  tags: ['chat-messaging'],
  editable: true,
  refresh: '10s',
  schemaVersion: 39,
  time: { from: 'now-30m', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
      {
        name: 'instance',
        type: 'query',
        label: 'Instance',
        datasource,
        query: 'label_values(chat_messaging_shards_owned, instance)',
        refresh: 2,
        includeAll: true,
        allValue: '.*',
        multi: true,
        current: { text: 'All', value: '$__all' },
      },
    ],
  },
  annotations: { list: [] },
  links: [
    {
      type: 'dashboards',
      tags: ['chat-messaging'],
      title: 'Others',
      icon: 'external link',
      tooltip: 'The other dashboards of chat-messaging, at the same time and for the same instances',
      asDropdown: true,
      targetBlank: false,
      includeVars: true,
      keepTime: true,
    },
  ],
  panels: panels.map((panel, index) => ({
    id: index + 1,
    type: 'timeseries',
    title: panel.title,
    description: panel.about,
    datasource,
    gridPos: { x: (index % columns) * width, y: Math.floor(index / columns) * height, w: width, h: height },
    fieldConfig: {
      defaults: { unit: panel.unit, min: 0, custom: { fillOpacity: 8, showPoints: 'never' } },
      overrides: [],
    },
    options: {
      legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: panel.queries.map(([expr, legendFormat], query) => ({
      refId: String.fromCharCode(65 + query),
      datasource,
      expr,
      legendFormat,
    })),
  })),
});
