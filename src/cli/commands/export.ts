import type { Command } from 'commander';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../../errors';
import { exportLedger, exportSnapshot } from '../../verify/exportEvidence';
import { action } from '../action';
import { locateEvidence, openLedger, readTrust } from '../evidenceSource';
import { example, jsonOption, keyOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

interface ExportOptions extends JsonOption {
  readonly key: string;
  readonly out: string;
  readonly all?: boolean;
}

/** In the build, the programs of `docs` are copied to this directory. */
const DOCS = join(__dirname, '../../../docs');
/** A program of its own that checks evidence; docs/verify.md. */
const CHECK_PROGRAM = ['check.py', 'check_bson.py'];

/** `export`: copies evidence to a directory with the layout of the bucket. Only the ledger is verified on the way. */
export function define(command: Command): void {
  command
    .description('copy snapshots and the ledger to a directory, for readers without access to the bucket')
    .argument('[snapshotIds...]')
    .addOption(keyOption())
    .requiredOption('--out <directory>', 'directory to write to; files in it are overwritten')
    .option('--all', 'export every snapshot of the ledger')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot export --all --key trust.json --out evidence'))
    .action(action(exportEvidence));
}

async function exportEvidence(
  snapshotIds: readonly string[],
  { key, out, all = false, json = false }: ExportOptions,
  output: Output,
): Promise<number> {
  if (all === snapshotIds.length > 0)
    throw new SnapshotError('USAGE_INVALID', 'name the snapshots to export, or give --all');
  const source = await locateEvidence(undefined);
  const ledger = await openLedger(source, key);
  const chosen = all ? ledger.entries.map(({ snapshotId }) => snapshotId) : snapshotIds;

  await mkdir(out, { recursive: true });
  for (const [done, snapshotId] of chosen.entries()) {
    output.note(`exporting ${snapshotId}, ${done + 1} of ${chosen.length}`);
    await exportSnapshot(source.reader, snapshotId, out);
  }
  await exportLedger(source.reader, ledger, out);
  await writeFile(join(out, 'trust.json'), `${JSON.stringify(await readTrust(key), null, 2)}\n`);
  for (const name of CHECK_PROGRAM) await copyFile(join(DOCS, name), join(out, name));
  await writeFile(join(out, 'README.md'), readmeOf(ledger.origin, chosen.length, ledger.size));

  output.result(
    json
      ? JSON.stringify({ out, snapshots: chosen, ledgerSize: ledger.size })
      : `wrote ${chosen.length} snapshots and the ledger of ${ledger.size} to ${out}`,
  );
  return EXIT.ok;
}

/** Says what is in the directory and how to check it, to a reader who knows neither. */
function readmeOf(origin: string, snapshots: number, ledgerSize: number): string {
  return `# Evidence of the audit log ${origin}

\`snapshots/\` has ${snapshots} sealed snapshots of the log: signed manifests, and chunks with the records. \`ledger/\` lists all
${ledgerSize} snapshots of the log; its checkpoint is signed, and an entry cannot be changed or dropped unnoticed.

Check it with the trust file that you received over another channel than this directory. The \`trust.json\` in here is a copy
for comparison: a key that comes with the evidence proves nothing.

With a short Python program that shares no code with the software that sealed the log:

\`\`\`sh
python3 check.py . /path/to/your/trust.json
\`\`\`

With that software:

\`\`\`sh
audit-snapshot verify . --key /path/to/your/trust.json
\`\`\`

docs/verify.md of audit-snapshot has the commands for openssl, sha256sum and Tessera's fsck, and docs/format.md the format.
`;
}
