import type { Command } from 'commander';
import { readSealingConfig } from '../../config';
import { SnapshotError } from '../../errors';
import { LEFT_OUT_KINDS, totalLeftOut } from '../../evidence/leftOut';
import { printable } from '../../evidence/printable';
import { acknowledgeLeftOut } from '../../services/acknowledge';
import { MAX_LISTED_LEFT_OUT, type LeftOutState } from '../../verify/leftOutStates';
import {
  acknowledgementView,
  addAcknowledgeOptions,
  readAcknowledger,
  STATE_TEXTS,
  type AcknowledgeOptions,
} from '../acknowledging';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { leftOutOf, readEntries } from '../findings';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { renderTable } from '../table';

interface ListOptions extends JsonOption {
  readonly open?: boolean;
}

/** `left-out`: records of the log that sealing leaves out, and who acknowledged them. */
export function define(command: Command): void {
  command.description('records of the log that sealing leaves out: list and acknowledge them');
  command
    .command('list')
    .description(
      `list the records of each kind that has at most ${MAX_LISTED_LEFT_OUT}, and whether a sealed record acknowledges them`,
    )
    .option('--open', 'only records that no sealed record acknowledges')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot left-out list --open'))
    .action(action(list));
  addAcknowledgeOptions(
    command
      .command('acknowledge')
      .description(
        'write into the audit log that a record stays as it is; it counts once the next window is sealed, and until the record changes',
      )
      .argument('<recordId>', 'the record, as `left-out list` shows it'),
  )
    .addHelpText(
      'after',
      example('audit-snapshot left-out acknowledge 697d3a000000000000000001 --reason "import of 2019"'),
    )
    .action(action(acknowledge));
}

async function readStates() {
  await using database = await openDatabase();
  const { origin, source } = readSealingConfig();
  const entries = await readEntries(database.connection, origin);
  return await leftOutOf(database.connection, source, entries);
}

async function list({ open = false, json = false }: ListOptions, output: Output): Promise<number> {
  const { counts, acknowledged, listed } = await readStates();
  const shown = listed.map(viewOf).filter(({ state }) => !open || state !== 'acknowledged');
  const unlisted = LEFT_OUT_KINDS.filter((kind) => counts[kind] > MAX_LISTED_LEFT_OUT);
  output.result(
    json
      ? JSON.stringify({ counts, acknowledged, records: shown, unlisted })
      : [
          `${totalLeftOut(counts)} records, ${totalLeftOut(acknowledged)} of them acknowledged; audit-snapshot status says what to do`,
          ...(shown.length === 0 ? [] : [renderTable(COLUMNS, shown.map(rowOf))]),
          ...unlisted.map(
            (kind) => `more than ${MAX_LISTED_LEFT_OUT} records of the kind ${kind} are not listed`,
          ),
        ].join('\n'),
  );
  return EXIT.ok;
}

function viewOf({ recordId, kind, acknowledgement }: LeftOutState) {
  return { recordId, kind, ...acknowledgementView(acknowledgement) };
}

const COLUMNS = ['record', 'kind', 'state', 'by', 'reason'];

function rowOf({ recordId, kind, state, actorId, reason }: ReturnType<typeof viewOf>): string[] {
  return [recordId, kind, STATE_TEXTS[state], printable(actorId ?? ''), printable(reason ?? '')];
}

async function acknowledge(recordId: string, options: AcknowledgeOptions, output: Output): Promise<number> {
  const { actorId, reason } = readAcknowledger(options);
  await using database = await openDatabase();
  const { connection } = database;
  const { origin, source } = readSealingConfig();
  const entries = await readEntries(connection, origin);
  const find = async () =>
    (await leftOutOf(connection, source, entries)).listed.find((state) => state.recordId === recordId);
  const found = await find();
  if (!found)
    throw new SnapshotError(
      'USAGE_INVALID',
      `sealing does not leave out a record ${recordId}, or leaves out more than ${MAX_LISTED_LEFT_OUT} of its kind; see: audit-snapshot left-out list`,
    );
  const { kind, recordSha256 } = found;
  if (!found.acknowledgement)
    await acknowledgeLeftOut(connection, source, { recordId, kind, recordSha256, reason, actorId });
  const written = (await find())?.acknowledgement;
  if (!written)
    throw new SnapshotError(
      'SNAPSHOT_CONFLICT',
      `record ${recordId} changed while it was acknowledged; look at it again`,
    );
  const { state, acknowledgedBy, sealedIn } = written;
  output.result(
    options.json === true
      ? JSON.stringify({ recordId, kind, state, acknowledgedBy, sealedIn, created: !found.acknowledgement })
      : `${recordId} (${kind}): ${STATE_TEXTS[state]} [record=${acknowledgedBy}]`,
  );
  return EXIT.ok;
}
