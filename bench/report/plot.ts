import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Curve } from '../core/bench.ts';

/** One curve as an SVG text. */
export const plot = async ({ title, x, y, logX, points }: Curve): Promise<string> => {
  const spec: TopLevelSpec = {
    title,
    width: 480,
    height: 240,
    background: 'white',
    data: { values: points.map((point) => ({ ...point })) },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: x, ...(logX && { scale: { type: 'log' as const } }) },
      y: { field: 'y', type: 'quantitative', title: y, scale: { zero: true } },
      color: { field: 'series', type: 'nominal', title: null },
    },
  };
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
};
