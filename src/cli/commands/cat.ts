import { Option, type Command } from 'commander';
import { SnapshotError } from '../../errors';
import { MAX_MANIFEST_BYTES } from '../../evidence/limits';
import { parseManifest } from '../../evidence/manifest';
import { manifestKey } from '../../evidence/objectKeys';
import { readRecord } from '../../evidence/recordBytes';
import type { RecordMembers } from '../../evidence/recordMembers';
import { readChunk } from '../../verify/readChunk';
import { action } from '../action';
import { locateEvidence } from '../evidenceSource';
import { dirOption, example } from '../options';
import { EXIT, type Output } from '../output';
import { recordText } from '../recordText';

interface CatOptions {
  readonly dir?: string;
  readonly format: 'ndjson' | 'csv';
}

const COLUMNS = [
  '_id',
  'timestamp',
  'action',
  'actorId',
  'resourceType',
  'resourceId',
  'hash',
  'record',
] as const;

/**
 * `cat`: the records of a snapshot as text. A rendering is never evidence; the chunks are compared with the manifest all
 * the same. EVIDENCE_INVALID, EVIDENCE_INCOMPLETE.
 */
export function define(command: Command): void {
  command
    .description('print the records of a snapshot as text; this text is not evidence')
    .argument('<snapshotId>')
    .addOption(dirOption())
    .addOption(
      new Option('--format <format>', 'one record per line as canonical Extended JSON (ndjson), or as CSV')
        .choices(['ndjson', 'csv'])
        .default('ndjson'),
    )
    .addHelpText('after', example('audit-snapshot cat snap-65f0c0ffee65f0c0ffee65f0 --format csv'))
    .action(action(cat));
}

async function cat(snapshotId: string, { dir, format }: CatOptions, output: Output): Promise<number> {
  const { reader } = await locateEvidence(dir ?? snapshotId);
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  if (!body) throw new SnapshotError('EVIDENCE_INCOMPLETE', `no manifest of ${snapshotId}`);
  if (format === 'csv') output.result(COLUMNS.join(','));
  const { chunks, source } = parseManifest(body);
  for (const chunk of chunks) {
    for (const record of await readChunk(reader, chunk))
      output.result(format === 'csv' ? renderRow(record, source.members) : recordText(record));
  }
  return EXIT.ok;
}

function renderRow(record: Buffer, names: RecordMembers): string {
  const { id, timestamps, hashText } = readRecord(record, names);
  const [timestamp] = timestamps;
  const line = recordText(record);
  const members = JSON.parse(line) as Record<string, unknown>;
  const cells: Record<(typeof COLUMNS)[number], string> = {
    _id: id,
    timestamp: timestamp === undefined ? '' : new Date(timestamp).toISOString(),
    action: textOf(members['action']),
    actorId: textOf(members['actorId']),
    resourceType: textOf(members['resourceType']),
    resourceId: textOf(members['resourceId']),
    hash: hashText?.toString('latin1') ?? '',
    record: line,
  };
  return COLUMNS.map((column) => quote(cells[column])).join(',');
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** RFC 4180; a cell that a spreadsheet would run as a formula is made text. */
function quote(cell: string): string {
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
