import type { ProofReport } from '../verify/verifyProof';
import type { LedgerReport } from '../verify/verifyLedger';
import type { EvidenceReport } from '../verify/verifyEvidence';
import type { Checked, Verdict } from '../verify/report';
import type { SnapshotReport } from '../verify/verifySnapshot';
import { paint } from './colors';
import { EXIT } from './output';

const VERDICT_STYLES = { VERIFIED: 'green', 'NOT VERIFIED': 'red', INCOMPLETE: 'yellow' } as const;

/** Exit code of a verdict. */
export function exitCodeOfVerdict(verdict: Verdict): number {
  return { VERIFIED: EXIT.ok, 'NOT VERIFIED': EXIT.invalid, INCOMPLETE: EXIT.incomplete }[verdict];
}

/** A whole report: the ledger, every snapshot, and the verdict. */
export function describeEvidence(
  report: Pick<EvidenceReport, 'verdict' | 'key' | 'ledger' | 'snapshots' | 'questions' | 'notes'>,
  color: boolean,
): string {
  return [
    describeLedger(report.ledger, color),
    ...report.snapshots.map((snapshot) => describeReport(snapshot, color)),
    describeConclusion(report, color),
  ].join('\n');
}

const QUESTION_TEXTS = {
  evidence: { title: 'evidence', ask: '' },
  coverage: { title: 'log time', ask: ': --from … --to … asks whether it is sealed without a gap' },
  live: { title: 'live log', ask: ': --live compares the records in MongoDB with the evidence' },
} as const;

/** The notes, one line for each question, and the verdict as the last line. */
export function describeConclusion(
  report: Pick<EvidenceReport, 'verdict' | 'key' | 'questions' | 'notes'>,
  color: boolean,
): string {
  const { questions, notes } = report;
  const answers = (['evidence', 'coverage', 'live'] as const).map((name) => {
    const { title, ask } = QUESTION_TEXTS[name];
    const answer = questions[name];
    return `${title}  ${answer === 'not asked' ? `not asked${ask}` : paint(color, VERDICT_STYLES[answer], answer)}`;
  });
  return [...noteLines(notes), ...answers, describeVerdict(report, color)].join('\n');
}

/** What was seen and is no failure. */
function noteLines(notes: readonly string[]): string[] {
  return notes.length === 0 ? [] : ['notes', ...notes.map((note) => `  - ${shorten(note)}`)];
}

/** The report on one snapshot: one line for each layer, then one for each failure. */
export function describeReport(report: SnapshotReport, color: boolean): string {
  const lines = [
    `snapshot ${report.snapshotId}, ${report.recordCount} records`,
    ...layerLines(report, color),
  ];
  if (report.findingCount > 0) {
    const text = `  ! ${report.findingCount} records did not match their own hash when they were sealed; the manifest lists them`;
    lines.push(paint(color, 'yellow', text));
  }
  return [...lines, ...failureLines(report, color)].join('\n');
}

/** The report on the ledger, in the same form. */
export function describeLedger(report: LedgerReport, color: boolean): string {
  const title = `ledger ${shorten(report.origin ?? 'unknown')}, ${report.size} snapshots`;
  return [title, ...layerLines(report, color), ...failureLines(report, color)].join('\n');
}

/** A report under the given title, in the same form. */
export function describeChecked(title: string, report: Checked, color: boolean): string {
  return [title, ...layerLines(report, color), ...failureLines(report, color)].join('\n');
}

/** The report on the proof of a record, with its verdict. */
export function describeProof(report: ProofReport, color: boolean): string {
  const { recordId, snapshotId, recordIndex, ledgerIndex, window } = report;
  const subject = window
    ? [
        `record ${recordId}, index ${recordIndex ?? '?'} of ${snapshotId} (${window.from} → ${window.to})`,
        `  entry ${ledgerIndex ?? '?'} of the ledger`,
      ]
    : ['no record'];
  return [
    ...subject,
    ...layerLines(report, color),
    ...failureLines(report, color),
    ...noteLines(report.notes),
    describeVerdict(report, color),
  ].join('\n');
}

/** The last line is the verdict and nothing else; before it a warning when the key was not pinned. */
function describeVerdict({ verdict, key }: Pick<EvidenceReport, 'verdict' | 'key'>, color: boolean): string {
  const unpinned = [
    paint(
      color,
      'yellow',
      '! SELF-ASSERTED KEY: it was taken from the evidence itself, which proves nothing about who signed.',
    ),
    '  Pin the key: --key trust.json (audit-snapshot keys export)',
  ];
  return [...(key === 'pinned' ? [] : unpinned), paint(color, VERDICT_STYLES[verdict], verdict)].join('\n');
}

function layerLines({ layers }: Checked, color: boolean): string[] {
  return layers.map(
    ({ layer, passed, total }) => `  ${markOf(passed, total, color)} ${layer.padEnd(18)} ${passed}/${total}`,
  );
}

function markOf(passed: number, total: number, color: boolean): string {
  if (total === 0) return paint(color, 'yellow', '–');
  return passed === total ? paint(color, 'green', '✓') : paint(color, 'red', '✗');
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

/** Evidence is untrusted, and it is printed on a terminal: control characters are made visible. */
function shorten(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are searched for
  const visible = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '�');
  return visible.length > 200 ? `${visible.slice(0, 200)}…` : visible;
}
