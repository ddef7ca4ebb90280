import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors';
import { locateEvidence, readTrust } from './evidenceSource';
import { exportLedger, exportSnapshot } from './exportEvidence';
import { EXIT, type Output } from './output';
import { openLedger } from './prove';

export interface ExportOptions {
  readonly key: string;
  readonly out: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/**
 * Copies snapshots and the ledger from the bucket to a directory with the bucket's layout, for somebody who has no
 * access to it. What is copied is not verified here: that is the reader's to do.
 */
export async function exportCommand(
  snapshotIds: readonly string[],
  options: ExportOptions,
  output: Output,
): Promise<number> {
  if ((options.all === true) === snapshotIds.length > 0)
    throw new SnapshotError('USAGE_INVALID', 'name the snapshots to export, or give --all');
  const place = await locateEvidence(undefined);
  const ledger = await openLedger(place, options.key);
  const chosen = options.all === true ? ledger.entries.map(({ snapshotId }) => snapshotId) : snapshotIds;
  await mkdir(options.out, { recursive: true });
  for (const [done, snapshotId] of chosen.entries()) {
    output.note(`exporting ${snapshotId}, ${done + 1} of ${chosen.length}`);
    await exportSnapshot(place.reader, snapshotId, options.out);
  }
  await exportLedger(place.reader, ledger, options.out);
  await writeFile(
    join(options.out, 'trust.json'),
    `${JSON.stringify(await readTrust(options.key), null, 2)}\n`,
  );
  const facts = { out: options.out, snapshots: chosen, ledgerSize: ledger.size };
  output.result(
    options.json === true
      ? JSON.stringify(facts)
      : `wrote ${chosen.length} snapshots and the ledger of ${ledger.size} to ${options.out}`,
  );
  return EXIT.ok;
}
