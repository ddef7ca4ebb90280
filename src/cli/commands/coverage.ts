import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { overlaps, type Window } from '../../contract/window';
import type { LedgerEntry } from '../../evidence/ledgerEntry';
import { coverageOf, verdictOfSpans, type CoverageSpan } from '../../verify/coverage';
import { isSigned, type Questions } from '../../verify/report';
import type { Ledger } from '../../verify/verifyLedger';
import { action } from '../action';
import { hasColors } from '../colors';
import { drawCoverage } from '../coverageSvg';
import { locateEvidence, openLedger, readTrust, verifySource, type EvidenceSource } from '../evidenceSource';
import {
  addWindowOptions,
  dirOption,
  example,
  jsonOption,
  keyOption,
  type JsonOption,
  type WindowOptions,
} from '../options';
import type { Output } from '../output';
import { readWindow } from '../readWindow';
import { describeConclusion, exitCodeOfVerdict } from '../reportText';

interface CoverageOptions extends JsonOption, WindowOptions {
  readonly key: string;
  readonly dir?: string;
  readonly svg?: string;
  readonly snapshots?: boolean;
}

const LEDGER_NOTE =
  'according to the entries of the ledger; the snapshots were not looked at (--snapshots reads their manifests, verify reads everything)';
const MANIFESTS_NOTE =
  'according to the ledger and the signed manifest of each snapshot; no record was read (verify reads everything)';

/** `coverage`: the log time that the ledger covers. Exit code 4 when a span is missing. */
export function define(command: Command): void {
  addWindowOptions(command, {
    first: 'start of the log time to show',
    last: 'end of the log time to show, inclusive',
  })
    .description('show which log time is sealed, empty or missing, according to the ledger')
    .addOption(keyOption())
    .addOption(dirOption())
    .option(
      '--snapshots',
      'also read the signed manifest of each snapshot; the window of a snapshot without it counts as missing',
    )
    .option('--svg <file>', 'also write the coverage as an SVG picture to this file')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot coverage --key trust.json --svg coverage.svg'))
    .action(action(coverage));
}

async function coverage(options: CoverageOptions, output: Output): Promise<number> {
  const { svg, snapshots = false, json = false } = options;
  const within = readWindow(options);
  const source = await locateEvidence(options.dir);
  const ledger = await openLedger(source, options.key);
  const unsigned = snapshots ? await findUnsigned(source, options.key, ledger, within) : [];
  const entries = ledger.entries.filter(({ snapshotId }) => !unsigned.includes(snapshotId));

  const spans = coverageOf(entries, within ?? rangeOf(ledger.entries));
  if (svg !== undefined) await writeFile(svg, drawCoverage(spans));
  const verdict = verdictOfSpans(spans);
  const questions: Questions = { evidence: 'not asked', coverage: verdict, live: 'not asked' };
  const lookedAt = snapshots ? 'ledger and manifests' : 'ledger';
  const notes = [
    snapshots ? MANIFESTS_NOTE : LEDGER_NOTE,
    ...unsigned.map(
      (snapshotId) => `${snapshotId}: its manifest is missing or not signed, so its window counts as missing`,
    ),
  ];
  notes.push(...leftOutNotes(entries, within));
  const { origin, size } = ledger;
  const counts = new Map(entries.map(({ snapshotId, recordCount }) => [snapshotId, recordCount]));
  output.result(
    json
      ? JSON.stringify({ origin, ledgerSize: size, verdict, questions, lookedAt, spans, notes })
      : [
          spans.map((span) => describeSpan(span, counts)).join('\n') || 'nothing is sealed yet',
          describeConclusion({ verdict, questions, notes, key: 'pinned' }, hasColors()),
        ].join('\n'),
  );
  return exitCodeOfVerdict(verdict);
}

/** What the entries say about records that are in the log and in no snapshot. */
function leftOutNotes(entries: readonly LedgerEntry[], within: Window | undefined): readonly string[] {
  const shown = entries.filter(({ window }) => !within || overlaps(window, within));
  const some = shown.filter(({ leftOut }) => leftOut !== undefined);
  const [newest] = some.slice(-1);
  if (!newest) return [];
  return [
    `${some.length} snapshots left out records that cannot be sealed; the newest of them, ${newest.snapshotId}, left out ${newest.leftOut}. Its manifest has their kinds (verify)`,
  ];
}

/** Snapshots whose manifest is missing, not signed, or not the one that the ledger names; no chunk is read. */
async function findUnsigned(
  source: EvidenceSource,
  keyPath: string,
  { entries }: Ledger,
  within: Window | undefined,
): Promise<readonly string[]> {
  const inRange = entries.filter(({ window }) => !within || overlaps(window, within));
  const snapshotIds = inRange.map(({ snapshotId }) => snapshotId);
  const trust = await readTrust(keyPath);
  const { report } = await verifySource({ ...source, snapshotIds }, { trust, choose: () => false });
  return report.snapshots
    .filter((snapshot) => !isSigned(snapshot) || snapshot.verdict === 'NOT VERIFIED')
    .map(({ snapshotId }) => snapshotId);
}

/** From the first window to the last; undefined in an empty ledger. */
function rangeOf(entries: readonly LedgerEntry[]): Window | undefined {
  const [first, ...others] = coverageOf(entries);
  return first && { from: first.from, to: (others.at(-1) ?? first).to };
}

function describeSpan(
  { from, to, state, snapshots: [first, ...others] }: CoverageSpan,
  counts: ReadonlyMap<string, number>,
): string {
  const recordsOf = (snapshotId: string) => counts.get(snapshotId) ?? 0;
  const late = others
    .filter((snapshotId) => recordsOf(snapshotId) > 0)
    .map((snapshotId) => `, ${recordsOf(snapshotId)} in ${snapshotId} (late, or overlapping)`);
  const content = first === undefined ? '' : `${recordsOf(first)} records in ${first}${late.join('')}`;
  return `${from} → ${to}  ${state.padEnd(7)}  ${content}`.trimEnd();
}
