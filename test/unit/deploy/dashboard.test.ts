import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { METRICS, metricsIn, unknownIn } from './metrics';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const DASHBOARD = JSON.parse(
  readFileSync(join(resolve(__dirname, '../../..'), 'deploy/grafana/dashboard.json'), 'utf8'),
) as { readonly panels: readonly Panel[] };
const CHARTS = DASHBOARD.panels.filter(({ type }) => type !== 'row');
const QUERIES = CHARTS.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

describe('the dashboard', () => {
  test.each(CHARTS.map((panel) => [panel.title, panel] as const))(
    '"%s" says what it shows and asks for what the product reports',
    (_title, panel) => {
      expect(panel.description).toMatch(/\.$/);
      expect(panel.targets!.length).toBeGreaterThan(0);
      expect(panel.targets!.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    },
  );

  test('shows every metric', () => {
    expect(Object.keys(METRICS).filter((metric) => !QUERIES.flatMap(metricsIn).includes(metric))).toEqual([]);
  });

  test('has panels of distinct ids that do not overlap', () => {
    expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).toBe(DASHBOARD.panels.length);
    const taken = DASHBOARD.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(taken).size).toBe(taken.length);
  });
});
