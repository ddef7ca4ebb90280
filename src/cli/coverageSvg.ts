import type { CoverageSpan } from '../verify/coverage';

const WIDTH = 960;
const BAR_TOP = 24;
const BAR_HEIGHT = 36;
const COLORS = { sealed: '#1a7f37', empty: '#9ec5a8', missing: '#cf222e' } as const;
/** A stretch that is too short to be seen is drawn this wide, so that no gap is hidden by its size. */
const MIN_WIDTH = 2;

/** The timeline as one self-contained SVG; every stretch names itself when it is pointed at. */
export function drawCoverage(stretches: readonly CoverageSpan[]): string {
  const start = Date.parse(stretches[0]?.from ?? '') || 0;
  const end = (Date.parse(stretches.at(-1)?.to ?? '') || 0) + 1;
  const scale = WIDTH / Math.max(1, end - start);
  // Gaps are drawn last, on top of their neighbours.
  const inOrder = stretches.toSorted(
    (left, right) => Number(left.state === 'missing') - Number(right.state === 'missing'),
  );
  const bars = inOrder.map(({ from, to, state, snapshots }) => {
    const x = (Date.parse(from) - start) * scale;
    const width = Math.max(MIN_WIDTH, (Date.parse(to) + 1 - Date.parse(from)) * scale);
    const title = [`${state}: ${from} → ${to}`, ...snapshots].join('\n');
    return `<rect x="${x.toFixed(2)}" y="${BAR_TOP}" width="${width.toFixed(2)}" height="${BAR_HEIGHT}" fill="${COLORS[state]}"><title>${title}</title></rect>`;
  });
  const counts = (['sealed', 'empty', 'missing'] as const).map(
    (state) => `${stretches.filter((stretch) => stretch.state === state).length} ${state}`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${BAR_TOP + BAR_HEIGHT + 4}" role="img" aria-label="Coverage of the audit log: ${counts.join(', ')}">`,
    label(0, 'start', stretches[0]?.from ?? 'nothing is sealed yet'),
    label(WIDTH, 'end', stretches.at(-1)?.to ?? ''),
    ...bars,
    '</svg>',
    '',
  ].join('\n');
}

function label(x: number, anchor: 'start' | 'end', text: string): string {
  return `<text x="${x}" y="16" text-anchor="${anchor}" font-family="sans-serif" font-size="12">${text}</text>`;
}
