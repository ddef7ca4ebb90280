import type { CoverageSpan } from '../verify/coverage';

const WIDTH = 960;
const BAR_TOP = 24;
const BAR_HEIGHT = 36;
const COLORS = { sealed: '#1a7f37', empty: '#9ec5a8', missing: '#cf222e' } as const;
/** A span that is too short to be visible is drawn this wide, so that no gap is hidden by its size. */
const MIN_WIDTH = 2;

/** The timeline as one self-contained SVG; every span has its bounds and snapshots as a tooltip. */
export function drawCoverage(spans: readonly CoverageSpan[]): string {
  const counts = (['sealed', 'empty', 'missing'] as const).map(
    (state) => `${spans.filter((span) => span.state === state).length} ${state}`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${BAR_TOP + BAR_HEIGHT + 4}" role="img" aria-label="Coverage of the audit log: ${counts.join(', ')}">`,
    label(0, 'start', spans[0]?.from ?? 'nothing is sealed yet'),
    label(WIDTH, 'end', spans.at(-1)?.to ?? ''),
    ...drawBars(spans),
    '</svg>',
    '',
  ].join('\n');
}

function drawBars(spans: readonly CoverageSpan[]): readonly string[] {
  const start = Date.parse(spans[0]?.from ?? '') || 0;
  const end = (Date.parse(spans.at(-1)?.to ?? '') || 0) + 1;
  const scale = WIDTH / Math.max(1, end - start);
  // Gaps are drawn last, on top of their neighbours.
  const inOrder = spans.toSorted(
    (left, right) => Number(left.state === 'missing') - Number(right.state === 'missing'),
  );
  return inOrder.map(({ from, to, state, snapshots }) => {
    const x = (Date.parse(from) - start) * scale;
    const width = Math.max(MIN_WIDTH, (Date.parse(to) + 1 - Date.parse(from)) * scale);
    const title = [`${state}: ${from} → ${to}`, ...snapshots].join('\n');
    return `<rect x="${x.toFixed(2)}" y="${BAR_TOP}" width="${width.toFixed(2)}" height="${BAR_HEIGHT}" fill="${COLORS[state]}"><title>${title}</title></rect>`;
  });
}

function label(x: number, anchor: 'start' | 'end', text: string): string {
  return `<text x="${x}" y="16" text-anchor="${anchor}" font-family="sans-serif" font-size="12">${text}</text>`;
}
