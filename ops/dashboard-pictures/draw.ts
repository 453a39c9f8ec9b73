import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Dashboard, Panel } from '../grafana/dashboard.ts';

/** `value` is null where a line has a gap. */
export type Point = { readonly at: number; readonly value: number | null; readonly series: string };

const lineLength = 58;

/** Two lines, so that the panels of a row begin at the same height. */
const subtitle = (about: string): string[] => {
  const lines = [''];
  for (const word of about.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > lineLength) lines.push(word);
    else lines.push(`${lines.pop()} ${word}`.trim());
  }
  return lines.length === 1 ? [...lines, ' '] : lines;
};

/** Of an axis' values, as Grafana would write them. */
const labels: Readonly<Record<string, string>> = {
  s: `datum.value == 0 ? '0' : datum.value < 1 ? format(datum.value * 1000, ',.3~r') + ' ms' : format(datum.value, '.3~r') + ' s'`,
  ms: `format(datum.value, ',.3~r') + ' ms'`,
  bytes: `datum.value == 0 ? '0' : format(datum.value, '.3~s') + 'B'`,
  percentunit: `format(datum.value, '.0%')`,
  reqps: `format(datum.value, ',.3~r') + '/s'`,
  short: `format(datum.value, ',.3~r')`,
};

const chart = ({ title, about, unit }: Panel, values: readonly Point[]) => {
  const highest = Math.max(0, ...values.map(({ value }) => value ?? 0));
  const columns = values.some(({ series }) => series.length > 24) ? 1 : 2;
  return {
    title: {
      text: values.length === 0 ? `${title}: no data` : title,
      subtitle: subtitle(about),
      subtitleColor: '#666',
      subtitleFontSize: 10,
      anchor: 'start' as const,
    },
    width: 330,
    height: 120,
    data: { values: [...values] },
    mark: { type: 'line' as const, strokeWidth: 1.5 },
    encoding: {
      x: { field: 'at', type: 'temporal' as const, title: null, axis: { format: '%H:%M:%S', tickCount: 4 } },
      y: {
        field: 'value',
        type: 'quantitative' as const,
        title: null,
        scale: { domain: [0, highest === 0 ? 1 : highest * 1.05], nice: false },
        axis: { labelExpr: labels[unit]!, tickCount: highest === 0 ? 1 : 4, minExtent: 45 },
      },
      color: {
        field: 'series',
        type: 'nominal' as const,
        title: null,
        legend: { orient: 'bottom' as const, columns, labelLimit: 320, symbolStrokeWidth: 3 },
      },
    },
  };
};

/** All panels of a dashboard as one SVG. */
export const drawDashboard = async (
  { title, panels }: Dashboard,
  pointsOf: (panel: Panel) => readonly Point[],
): Promise<string> => {
  const spec = {
    title: { text: `chat-messaging: ${title}`, fontSize: 16, anchor: 'start' },
    concat: panels.map((panel) => chart(panel, pointsOf(panel))),
    columns: 3,
    align: 'each',
    spacing: { row: 25, column: 30 },
    resolve: { scale: { color: 'independent' } },
    background: 'white',
    padding: 10,
    config: { view: { stroke: '#ddd' } },
  } as TopLevelSpec;
  return new vega.View(vega.parse(compile(spec).spec)).toSVG();
};
