import { styleText } from 'node:util';
import type { ProofReport } from '../verify/verifyProof';
import type { LedgerReport } from '../verify/verifyLedger';
import type { EvidenceReport } from '../verify/verifyEvidence';
import type { Checked, Verdict } from '../verify/report';
import type { SnapshotReport } from '../verify/verifySnapshot';
import { EXIT } from './output';

/** Exit code of a verdict. */
export function exitCodeOfVerdict(verdict: Verdict): number {
  return { VERIFIED: EXIT.ok, 'NOT VERIFIED': EXIT.invalid, INCOMPLETE: EXIT.incomplete }[verdict];
}

/** The report on one snapshot: one line for each layer, then one for each failure. */
export function describeReport(report: SnapshotReport, color: boolean): string {
  const lines = [
    `snapshot ${report.snapshotId}, ${report.recordCount} records`,
    ...layerLines(report, color),
  ];
  if (report.findingCount > 0) {
    const text = `  ! ${report.findingCount} records carried no fitting hash when they were sealed; the manifest lists them`;
    lines.push(paint(color, 'yellow', text));
  }
  return [...lines, ...failureLines(report, color)].join('\n');
}

export function describeLedger(report: LedgerReport, color: boolean): string {
  const title = `ledger ${shorten(report.origin ?? 'unknown')}, ${report.size} snapshots`;
  return [title, ...layerLines(report, color), ...failureLines(report, color)].join('\n');
}

export function describeChecked(title: string, report: Checked, color: boolean): string {
  return [title, ...layerLines(report, color), ...failureLines(report, color)].join('\n');
}

export function describeProof(report: ProofReport, color: boolean): string {
  const { recordId, snapshotId, recordIndex, ledgerIndex, window } = report;
  const place = window
    ? [
        `record ${recordId}, index ${recordIndex ?? '?'} of ${snapshotId} (${window.from} → ${window.to})`,
        `  entry ${ledgerIndex ?? '?'} of the ledger`,
      ]
    : ['no record'];
  return [
    ...place,
    ...layerLines(report, color),
    ...failureLines(report, color),
    describeVerdict(report, color),
  ].join('\n');
}

/** What all of it comes to; the last line is the verdict and nothing else. */
export function describeVerdict(
  { verdict, key }: Pick<EvidenceReport, 'verdict' | 'key'>,
  color: boolean,
): string {
  const style = { VERIFIED: 'green', 'NOT VERIFIED': 'red', INCOMPLETE: 'yellow' } as const;
  const unpinned = [
    paint(
      color,
      'yellow',
      '! SELF-ASSERTED KEY: it came out of the evidence itself, which proves nothing about who signed.',
    ),
    '  Pin the key: --key trust.json (audit-snapshot keys export)',
  ];
  return [...(key === 'pinned' ? [] : unpinned), paint(color, style[verdict], verdict)].join('\n');
}

function layerLines({ layers }: Checked, color: boolean): string[] {
  return layers.map(({ layer, passed, total }) => {
    const mark =
      total === 0
        ? paint(color, 'yellow', '–')
        : passed === total
          ? paint(color, 'green', '✓')
          : paint(color, 'red', '✗');
    return `  ${mark} ${layer.padEnd(18)} ${passed}/${total}`;
  });
}

function failureLines({ failures, failureCount }: Checked, color: boolean): string[] {
  const lines = failures.flatMap(({ layer, object, expected, found }) => [
    paint(color, 'red', `  ✗ ${layer}: ${shorten(object)}`),
    `      expected ${shorten(expected)}`,
    `      found    ${shorten(found)}`,
  ]);
  const more = failureCount - failures.length;
  return more > 0 ? [...lines, `  … and ${more} more failures (--max-errors)`] : lines;
}

function paint(color: boolean, style: 'green' | 'red' | 'yellow', text: string): string {
  return color ? styleText(style, text) : text;
}

/** Evidence is untrusted, and it is printed on a terminal: control characters are made visible. */
function shorten(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const visible = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '�');
  return visible.length > 200 ? `${visible.slice(0, 200)}…` : visible;
}
