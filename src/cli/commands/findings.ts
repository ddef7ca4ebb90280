import type { Command } from 'commander';
import { readSealingConfig } from '../../config';
import { SnapshotError } from '../../errors';
import { printable } from '../../evidence/printable';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';
import { acknowledgeFinding } from '../../services/acknowledge';
import type {
  FindingState,
  FoundAcknowledgement,
  ListedFinding,
  SnapshotFindings,
} from '../../verify/findingStates';
import {
  acknowledgementView,
  addAcknowledgeOptions,
  readAcknowledger,
  STATE_TEXTS,
  type AcknowledgeOptions,
} from '../acknowledging';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { findingsOf, readEntries } from '../findings';
import { example, jsonOption, parseCount, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { renderTable } from '../table';

interface ListOptions extends JsonOption {
  readonly open?: boolean;
  readonly limit: number;
}

interface AcknowledgeFindingOptions extends AcknowledgeOptions {
  readonly all?: boolean;
}

/** `findings`: records that did not match their own hash when they were sealed, and who acknowledged them. */
export function define(command: Command): void {
  command.description('sealed records that did not match their own hash: list and acknowledge them');
  command
    .command('list')
    .description('list findings, and whether a sealed record acknowledges them')
    .option('--open', 'only findings that no sealed record acknowledges')
    .option('--limit <n>', 'maximum number of findings', parseCount, 100)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot findings list --open'))
    .action(action(list));
  addAcknowledgeOptions(
    command
      .command('acknowledge')
      .description(
        'write into the audit log that a finding is known; it counts once the next window is sealed',
      )
      .argument('<snapshotId>')
      .argument('[recordId]', 'the record, as `findings list` shows it; without it, --all is needed')
      .option('--all', 'acknowledge every finding of the snapshot'),
  )
    .addHelpText(
      'after',
      example(
        'audit-snapshot findings acknowledge snap-65f0c0ffee65f0c0ffee65f0 697d3a000000000000000001 --reason "ticket 17"',
      ),
    )
    .action(action(acknowledge));
}

async function list({ open = false, limit, json = false }: ListOptions, output: Output): Promise<number> {
  await using database = await openDatabase();
  const { connection } = database;
  const { origin, source } = readSealingConfig();
  const snapshots = await new MongoSnapshotRepository(connection).listWithFindings(origin);
  const entries = await readEntries(connection, origin);
  const found = await findingsOf(connection, source, entries, snapshots);
  const wanted = found
    .flatMap(({ snapshotId, listed }) => listed.map((finding) => viewOf(snapshotId, finding)))
    .filter(({ state }) => !open || state !== 'acknowledged');
  const findings = wanted.slice(0, limit);
  const count = (state: FindingState) => found.reduce((sum, { counts }) => sum + counts[state], 0);
  const total = found.reduce((sum, snapshot) => sum + snapshot.total, 0);
  const counts = { open: count('open'), pending: count('pending'), acknowledged: count('acknowledged') };
  const more = (open ? total - counts.acknowledged : total) - findings.length;
  output.result(
    json
      ? JSON.stringify({ origin, total, ...counts, findings, more })
      : [
          `${total} findings: ${counts.open} open, ${counts.pending} acknowledged and not sealed yet, ${counts.acknowledged} acknowledged`,
          ...(findings.length === 0 ? [] : [renderTable(COLUMNS, findings.map(rowOf))]),
          ...(more === 0 ? [] : [`… and ${more} more; a manifest lists the first 10,000 of its snapshot`]),
        ].join('\n'),
  );
  return EXIT.ok;
}

function viewOf(snapshotId: string, { id: recordId, kind, index, acknowledgement }: ListedFinding) {
  return {
    snapshotId,
    recordId,
    kind,
    index,
    ...acknowledgementView(acknowledgement),
  };
}

const COLUMNS = ['snapshot', 'record', 'kind', 'state', 'by', 'reason'];

function rowOf({ snapshotId, recordId, kind, state, sealedIn, actorId, reason }: ReturnType<typeof viewOf>) {
  const shown = sealedIn === null ? STATE_TEXTS[state] : `${STATE_TEXTS[state]} in ${sealedIn}`;
  return [snapshotId, recordId, kind, shown, printable(actorId ?? ''), printable(reason ?? '')];
}

async function acknowledge(
  snapshotId: string,
  recordId: string | undefined,
  { all = false, json = false, ...options }: AcknowledgeFindingOptions,
  output: Output,
): Promise<number> {
  if (all === (recordId !== undefined))
    throw new SnapshotError('USAGE_INVALID', 'name a record, or give --all to acknowledge every finding');
  const { actorId, reason } = readAcknowledger(options);
  await using database = await openDatabase();
  const { connection } = database;
  const { origin, source } = readSealingConfig();
  const entries = await readEntries(connection, origin);
  const find = async () => {
    const [found] = await findingsOf(connection, source, entries, [{ snapshotId, findingCount: 0 }]);
    return chooseFinding(found, snapshotId, recordId);
  };
  const { manifestSha256, known, kind } = await find();
  if (!known)
    await acknowledgeFinding(connection, source, {
      snapshotId,
      manifestSha256,
      recordId: recordId ?? null,
      kind,
      reason,
      actorId,
    });
  const { known: written } = await find();
  if (!written)
    throw new SnapshotError('INTERNAL', `the acknowledgement of ${snapshotId} was not found again`);
  const what = recordId === undefined ? `all findings of ${snapshotId}` : `${recordId} of ${snapshotId}`;
  const { state, acknowledgedBy, sealedIn } = written;
  output.result(
    json
      ? JSON.stringify({
          snapshotId,
          recordId: recordId ?? null,
          state,
          acknowledgedBy,
          sealedIn,
          created: !known,
        })
      : `${what}: ${STATE_TEXTS[state]}${sealedIn === null ? '; it counts once the window of now is sealed' : ` in ${sealedIn}`} [record=${acknowledgedBy}]`,
  );
  return EXIT.ok;
}

/** The finding, or all of them, and what acknowledges it already. SNAPSHOT_NOT_FOUND, USAGE_INVALID. */
function chooseFinding(
  found: SnapshotFindings | undefined,
  snapshotId: string,
  recordId: string | undefined,
): {
  readonly manifestSha256: string;
  readonly kind: ListedFinding['kind'] | null;
  readonly known: FoundAcknowledgement | undefined;
} {
  if (!found || found.manifestSha256 === null)
    throw new SnapshotError(
      'SNAPSHOT_NOT_FOUND',
      `the ledger has no snapshot ${snapshotId}, or the bucket does not have its manifest`,
    );
  const { manifestSha256, listed, total, whole } = found;
  if (recordId === undefined && total > 0) return { manifestSha256, kind: null, known: whole };
  const finding = listed.find(({ id }) => id === recordId);
  if (finding) return { manifestSha256, kind: finding.kind, known: finding.acknowledgement };
  const message = `${recordId ?? snapshotId} is no finding of ${snapshotId}; see: audit-snapshot findings list`;
  throw new SnapshotError('USAGE_INVALID', message);
}
