import type { CoverageSpan } from '../verify/coverage';
import type { EvidenceReport } from '../verify/verifyEvidence';
import type { Checked, Failure } from '../verify/report';
import type { SnapshotReport } from '../verify/verifySnapshot';
import { drawCoverage } from './coverageSvg';

export interface ReportFacts {
  readonly report: Omit<EvidenceReport, 'openedLedger'>;
  readonly spans: readonly CoverageSpan[];
  /** Window of each snapshot, as the ledger gives it. */
  readonly windows: ReadonlyMap<string, { readonly from: string; readonly to: string }>;
  readonly generatedAt: string;
  /** Name and version of the verifier. */
  readonly checkedBy: string;
}

const VERDICT_TEXTS = {
  VERIFIED: 'Everything that was checked is what was signed, and nothing that the ledger names is missing.',
  'NOT VERIFIED': 'Something differs from what was signed. The failures below name each object.',
  INCOMPLETE:
    'What was checked is what was signed, but something that must be there is missing, or the key was not pinned.',
} as const;

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; color: #57606a; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d0d7de; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } code, pre { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: #f6f8fa; padding: .75rem 1rem; white-space: pre-wrap; } .muted { color: #57606a; }
.verdict { border-left: .5rem solid; padding: .75rem 1rem; background: #f6f8fa; margin: 1rem 0; }
.verdict strong { font-size: 1.3rem; } .VERIFIED { border-color: #1a7f37; } .NOT { border-color: #cf222e; } .INCOMPLETE { border-color: #9a6700; }
@media print { body { margin: 0; max-width: none; } h2, tr, pre { break-inside: avoid; } }`;

/** One self-contained page for auditors: no script, and no request to any server. All text from evidence is escaped. */
export function renderReport(facts: ReportFacts): string {
  const { report, spans } = facts;
  const all: readonly Checked[] = [
    report.ledger,
    ...report.snapshots,
    ...(report.coverage ? [report.coverage] : []),
    ...(report.listing ? [report.listing] : []),
  ];
  return [
    ...headOf(report.verdict),
    ...titleOf(facts),
    summaryOf(facts),
    '<h2>Log time</h2>',
    drawCoverage(spans),
    gapsOf(spans),
    '<h2>Failures</h2>',
    failuresOf(all),
    '<h2>What was checked</h2>',
    layersOf(all),
    '<h2>Snapshots</h2>',
    snapshotsOf(facts),
    ...CHECK_IT_YOURSELF,
    '</body></html>',
    '',
  ].join('\n');
}

function headOf(verdict: EvidenceReport['verdict']): readonly string[] {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Audit log evidence: ${verdict}</title><style>${STYLE}</style></head><body>`,
  ];
}

function titleOf({ report, generatedAt, checkedBy }: ReportFacts): readonly string[] {
  const { verdict, key, ledger } = report;
  const unpinned =
    '<p><strong>The key was not pinned:</strong> it was taken from the evidence itself, which proves nothing about who signed.</p>';
  return [
    `<h1>Audit log evidence of ${text(ledger.origin ?? 'an unknown origin')}</h1>`,
    `<p class="muted">Checked ${text(generatedAt)} by ${text(checkedBy)}</p>`,
    `<div class="verdict ${verdict.split(' ')[0]}"><strong>${verdict}</strong><br>${VERDICT_TEXTS[verdict]}</div>`,
    ...(key === 'pinned' ? [] : [unpinned]),
  ];
}

const CHECK_IT_YOURSELF = [
  '<h2>Check it yourself</h2>',
  '<p>You need the directory that this page was made from, and a public key that you received out of band. <code>docs/verify.md</code> explains the steps.</p>',
  '<pre>python3 check.py . key.pem',
  'timeout 120 go run github.com/transparency-dev/tessera/cmd/fsck@v1.0.4 --ui=false \\',
  '  --storage_url="file://$PWD/ledger/" --public_key=vkey.txt',
  'audit-snapshot verify . --key trust.json</pre>',
] as const;

function summaryOf({ report, spans }: ReportFacts): string {
  const records = report.snapshots.reduce((sum, { recordCount }) => sum + recordCount, 0);
  const findings = report.snapshots.reduce((sum, { findingCount }) => sum + findingCount, 0);
  const missing = spans.filter(({ state }) => state === 'missing').length;
  return table(
    ['', ''],
    [
      ['Snapshots checked', number(report.snapshots.length)],
      ['Records in them', number(records)],
      ['Records that did not match their own hash when they were sealed', number(findings)],
      ['Gaps in log time', number(missing)],
      ['Snapshots in the ledger', number(report.ledger.size)],
      ['Root of the ledger', code(report.ledger.root ?? 'unknown')],
    ],
  );
}

function gapsOf(spans: readonly CoverageSpan[]): string {
  const gaps = spans.filter(({ state }) => state === 'missing');
  if (gaps.length === 0)
    return '<p class="muted">Green is sealed, pale green sealed and empty; there is no gap.</p>';
  return table(
    ['Missing from', 'to'],
    gaps.map(({ from, to }) => [code(from), code(to)]),
  );
}

function failuresOf(all: readonly Checked[]): string {
  const failures = all.flatMap((checked) => checked.failures);
  if (failures.length === 0) return '<p class="muted">None.</p>';
  const rows = failures.map(({ layer, object, expected, found }: Failure) => [
    text(layer),
    code(object),
    code(expected),
    code(found),
  ]);
  const total = all.reduce((sum, { failureCount }) => sum + failureCount, 0);
  return table(['Layer', 'Object', 'Expected', 'Found'], rows, `${failures.length} of ${total}`);
}

function layersOf(all: readonly Checked[]): string {
  const sums = new Map<string, { passed: number; total: number }>();
  for (const { layer, passed, total } of all.flatMap(({ layers }) => layers)) {
    const sum = sums.get(layer) ?? { passed: 0, total: 0 };
    sums.set(layer, { passed: sum.passed + passed, total: sum.total + total });
  }
  return table(
    ['Layer', 'Passed', 'Checked'],
    [...sums].map(([layer, { passed, total }]) => [
      text(layer),
      number(passed),
      total === 0 ? 'nothing' : number(total),
    ]),
  );
}

function snapshotsOf({ report, windows }: ReportFacts): string {
  const rows = report.snapshots.map(({ snapshotId, recordCount, findingCount, verdict }: SnapshotReport) => {
    const window = windows.get(snapshotId);
    return [
      code(snapshotId),
      code(window ? `${window.from} → ${window.to}` : 'unknown'),
      number(recordCount),
      number(findingCount),
      text(verdict),
    ];
  });
  return table(['Snapshot', 'Window', 'Records', 'Findings', 'Verdict'], rows);
}

/** Cells are HTML already. */
function table(head: readonly string[], rows: readonly (readonly string[])[], caption?: string): string {
  const header = head.every((name) => name === '')
    ? ''
    : `<tr>${head.map((name) => `<th>${text(name)}</th>`).join('')}</tr>`;
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell) => (/^[\d,]+$/.test(cell) ? `<td class="n">${cell}</td>` : `<td>${cell}</td>`)).join('')}</tr>`,
  );
  return `<table>${caption === undefined ? '' : `<caption>${text(caption)}</caption>`}${header}${body.join('\n')}</table>`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function code(value: string): string {
  return `<code>${text(value.length > 300 ? `${value.slice(0, 300)}…` : value)}</code>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters and text direction are searched for
  const visible = value.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
  return visible.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
