import { sealedPercent, verdictOfSpans, type CoverageSpan } from '../verify/coverage';
import {
  headlineOf,
  isSigned,
  worstVerdict,
  type Checked,
  type Questions,
  type Verdict,
} from '../verify/report';
import type { EvidenceReport } from '../verify/verifyEvidence';
import type { SnapshotReport } from '../verify/verifySnapshot';
import { drawCoverage } from './coverageSvg';
import type { DriftReport } from './driftCheck';
import { code, number, table, text } from './html';
import { ANSWER_TEXTS, LAYER_TEXTS, QUESTIONS, WORDS } from './reportWords';

export interface ReportFacts {
  readonly report: EvidenceReport;
  /** The log time that the page draws. It is judged, too: a page with a gap is never VERIFIED. */
  readonly spans: readonly CoverageSpan[];
  /** Window of each snapshot, as the ledger gives it. */
  readonly windows: ReadonlyMap<string, { readonly from: string; readonly to: string }>;
  /** The pinned keys. */
  readonly keys: readonly ReportKey[];
  /** The comparison with the live log; null when it was not asked for. */
  readonly drift: DriftReport | null;
  readonly generatedAt: string;
  /** Name and version of the verifier. */
  readonly checkedBy: string;
}

/** A pinned key as the page shows it. */
export interface ReportKey {
  readonly version: number;
  /** Hex SHA-256 of the public key in DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it. */
  readonly fingerprint: string;
  readonly from: string;
  readonly to: string | null;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } caption { text-align: left; color: #57606a; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d0d7de; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } code, pre { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: #f6f8fa; padding: .75rem 1rem; white-space: pre-wrap; } .muted { color: #57606a; }
.verdict { border-left: .5rem solid; padding: .75rem 1rem; background: #f6f8fa; margin: 1rem 0; }
.verdict strong { font-size: 1.3rem; } .VERIFIED { border-color: #1a7f37; } .NOT { border-color: #cf222e; } .INCOMPLETE { border-color: #9a6700; }
b.VERIFIED { color: #1a7f37; } b.NOT { color: #cf222e; } b.INCOMPLETE { color: #9a6700; } b.not { color: #57606a; } b { white-space: nowrap; }
@media print { body { margin: 0; max-width: none; } h2, tr, pre { break-inside: avoid; } }`;

/**
 * The questions that the page answers: those of the report, and the log time that it draws. The bar and the verdict can
 * therefore never contradict each other.
 */
export function questionsOfPage({ report, spans }: Pick<ReportFacts, 'report' | 'spans'>): Questions {
  const { questions } = report;
  const drawn = verdictOfSpans(spans);
  const asked = questions.coverage === 'not asked' ? [] : [questions.coverage];
  return { ...questions, coverage: worstVerdict([drawn, ...asked]) };
}

/** One self-contained page for auditors: no script, and no request to any server. All text from evidence is escaped. */
export function renderReport(facts: ReportFacts): string {
  const { report, spans, keys, drift } = facts;
  const all: readonly Checked[] = [
    report.ledger,
    ...report.snapshots,
    ...(report.coverage ? [report.coverage] : []),
    ...(report.listing ? [report.listing] : []),
  ];
  const questions = questionsOfPage(facts);
  return [
    ...headOf(headlineOf(questions)),
    ...titleOf(facts, questions),
    summaryOf(facts),
    '<h2>Log time</h2>',
    drawCoverage(spans),
    gapsOf(spans),
    '<h2>What does not hold</h2>',
    failuresOf(all),
    ...driftOf(drift),
    '<h2>Findings: records that did not match their own hash when they were sealed</h2>',
    findingsOf(facts),
    '<h2>Notes</h2>',
    notesOf(report.notes),
    '<h2>Keys</h2>',
    keysOf(keys),
    '<h2>What was checked</h2>',
    layersOf(all),
    '<h2>Snapshots</h2>',
    snapshotsOf(facts),
    '<h2>Words</h2>',
    table(
      ['', ''],
      WORDS.map((row) => row.map(text)),
    ),
    ...CHECK_IT_YOURSELF,
    '</body></html>',
    '',
  ].join('\n');
}

function headOf(verdict: Verdict): readonly string[] {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Audit log evidence: ${verdict}</title><style>${STYLE}</style></head><body>`,
  ];
}

function titleOf({ report, generatedAt, checkedBy }: ReportFacts, questions: Questions): readonly string[] {
  const { key, ledger } = report;
  const verdict = headlineOf(questions);
  const unasked = QUESTIONS.filter(({ name }) => questions[name] === 'not asked').map(({ title }) => title);
  const scope =
    unasked.length === 0 ? 'All three questions were asked.' : `Not asked: ${unasked.join(', ')}.`;
  const unpinned =
    '<p><strong>The key was not pinned:</strong> it was taken from the evidence itself, which proves nothing about who signed.</p>';
  return [
    `<h1>Audit log evidence of ${text(ledger.origin ?? 'an unknown origin')}</h1>`,
    `<p class="muted">Checked ${text(generatedAt)} by ${text(checkedBy)}</p>`,
    `<div class="verdict ${classOf(verdict)}"><strong>${verdict}</strong><br>The worst answer of the questions that were asked. ${scope}</div>`,
    ...(key === 'pinned' ? [] : [unpinned]),
    table(
      ['Question', 'Answer', ''],
      QUESTIONS.map(({ name, title, question }) => [
        `<strong>${title}.</strong> ${question}`,
        `<b class="${classOf(questions[name])}">${questions[name]}</b>`,
        ANSWER_TEXTS[questions[name]],
      ]),
    ),
  ];
}

function classOf(answer: string): string {
  return answer.split(' ')[0]!;
}

const CHECK_IT_YOURSELF = [
  '<h2>Check it yourself</h2>',
  '<p>You need the directory that this page was made from, and a public key that you received out of band. <code>docs/verify.md</code> explains the steps. The first command prints the fingerprint of your key.</p>',
  '<pre>openssl pkey -pubin -in key.pem -outform DER | sha256sum',
  'python3 check.py . trust.json',
  'timeout 120 go run github.com/transparency-dev/tessera/cmd/fsck@v1.0.4 --ui=false \\',
  '  --storage_url="file://$PWD/ledger/" --public_key=vkey.txt',
  'audit-snapshot verify . --key trust.json</pre>',
] as const;

function summaryOf({ report, spans }: ReportFacts): string {
  const records = report.snapshots.reduce((sum, { recordCount }) => sum + recordCount, 0);
  const ends = report.snapshots.flatMap(({ retainUntil }) => retainUntil ?? []).toSorted();
  const until =
    ends.length === 0 ? 'unknown' : ends[0] === ends.at(-1) ? ends[0]! : `${ends[0]} to ${ends.at(-1)}`;
  return table(
    ['', ''],
    [
      ['Snapshots checked', number(report.snapshots.length)],
      ['Records in them', number(records)],
      [
        'Findings: records that did not match their own hash when they were sealed',
        findingTotal(report.snapshots),
      ],
      ['Log time that is sealed', `${sealedPercent(spans)}%`],
      ['Gaps in log time', number(spans.filter(({ state }) => state === 'missing').length)],
      ['Snapshots in the ledger', number(report.ledger.size)],
      ['Head of the ledger (root hash)', code(report.ledger.root ?? 'unknown')],
      ['Evidence is kept until', code(until)],
    ],
  );
}

/** Only a signed manifest says how many findings there are. */
function findingTotal(snapshots: readonly SnapshotReport[]): string {
  const signed = snapshots.filter(isSigned);
  const sum = (member: 'findingCount' | 'acknowledgedCount') =>
    signed.reduce((total, snapshot) => total + snapshot[member], 0);
  const count = findingText(sum('findingCount'), sum('acknowledgedCount'));
  const unknown = snapshots.length - signed.length;
  return unknown === 0
    ? count
    : `${count}, and unknown for ${number(unknown)} snapshots whose manifest is not verified`;
}

function findingsOf({ report: { snapshots } }: ReportFacts): string {
  const found = snapshots.filter((snapshot) => !isSigned(snapshot) || snapshot.findingCount > 0);
  if (snapshots.length === 0) return '<p class="muted">No snapshot was checked.</p>';
  if (found.length === 0) return '<p class="muted">None in the snapshots that were checked.</p>';
  return table(
    ['Snapshot', 'Findings'],
    found.map((snapshot) => [code(snapshot.snapshotId), findingCell(snapshot)]),
    'The manifest of each snapshot lists these records. The notes say who acknowledged which, and in which sealed record.',
  );
}

function findingCell(snapshot: SnapshotReport): string {
  return isSigned(snapshot) ? findingText(snapshot.findingCount, snapshot.acknowledgedCount) : 'unknown';
}

function findingText(findings: number, acknowledged: number): string {
  return acknowledged === 0 ? number(findings) : `${number(findings)}, ${number(acknowledged)} acknowledged`;
}

function gapsOf(spans: readonly CoverageSpan[]): string {
  const gaps = spans.filter(({ state }) => state === 'missing');
  if (gaps.length === 0)
    return '<p class="muted">Green is sealed, pale green sealed and empty; there is no gap.</p>';
  return table(
    ['Not sealed from', 'to'],
    gaps.map(({ from, to }) => [code(from), code(to)]),
    'Green is sealed, pale green sealed and empty, red not sealed.',
  );
}

function failuresOf(all: readonly Checked[]): string {
  const failures = all.flatMap((checked) => checked.failures);
  if (failures.length === 0) return '<p class="muted">Every check of the evidence held.</p>';
  const rows = failures.map(({ layer, object, expected, found }) => [
    text(layer),
    code(object),
    code(expected),
    code(found),
  ]);
  const total = all.reduce((sum, { failureCount }) => sum + failureCount, 0);
  return table(['Check', 'Object', 'Expected', 'Found'], rows, `${failures.length} of ${total}`);
}

function driftOf(drift: DriftReport | null): readonly string[] {
  if (!drift) return [];
  if (drift.driftCount === 0)
    return [`<p class="muted">The live log agrees with ${number(drift.records)} sealed records.</p>`];
  const rows = drift.drifts.map(({ kind, recordId, snapshotId, object }) => [
    text(kind),
    code(recordId === '' ? (object ?? '') : recordId),
    code(snapshotId),
  ]);
  const caption = `Live log: ${rows.length} of ${drift.driftCount} differences`;
  return [table(['Difference', 'Record or object', 'Snapshot'], rows, caption)];
}

function notesOf(notes: readonly string[]): string {
  if (notes.length === 0) return '<p class="muted">None.</p>';
  return `<ul>${notes.map((note) => `<li>${text(note)}</li>`).join('\n')}</ul>`;
}

function keysOf(keys: readonly ReportKey[]): string {
  return table(
    ['Version', 'SHA-256 fingerprint', 'In force from', 'to'],
    keys.map(({ version, fingerprint, from, to }) => [
      number(version),
      code(fingerprint),
      code(from),
      to === null ? 'now' : code(to),
    ]),
    'Compare the fingerprints with those that you received over another channel than this page.',
  );
}

function layersOf(all: readonly Checked[]): string {
  const sums = new Map<string, { passed: number; total: number; meaning: string }>();
  for (const { layer, passed, total } of all.flatMap(({ layers }) => layers)) {
    const sum = sums.get(layer) ?? { passed: 0, total: 0, meaning: LAYER_TEXTS[layer] ?? '' };
    sums.set(layer, { ...sum, passed: sum.passed + passed, total: sum.total + total });
  }
  return table(
    ['Check', 'Passed', 'Checked', 'Meaning'],
    [...sums].map(([layer, { passed, total, meaning }]) => [
      text(layer),
      number(passed),
      total === 0 ? 'nothing' : number(total),
      text(meaning),
    ]),
  );
}

function snapshotsOf({ report, windows }: ReportFacts): string {
  const rows = report.snapshots.map((snapshot) => {
    const { snapshotId, recordCount, keyVersion, retainUntil, verdict } = snapshot;
    const window = windows.get(snapshotId);
    return [
      code(snapshotId),
      code(window ? `${window.from} → ${window.to}` : 'unknown'),
      number(recordCount),
      findingCell(snapshot),
      keyVersion === null ? 'unknown' : number(keyVersion),
      retainUntil === null ? 'unknown' : code(retainUntil.slice(0, 10)),
      text(verdict),
    ];
  });
  const head = ['Snapshot', 'Log time', 'Records', 'Findings', 'Key version', 'Kept until', 'Verdict'];
  return table(head, rows);
}
