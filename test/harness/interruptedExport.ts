import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../../src/errors';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { exportLedger, exportSnapshot } from '../../src/verify/exportEvidence';
import { readFakeLedger } from './driftAudit';
import type { FakeDeps } from './fakeDeps';

/** Exports everything to a new directory, which is removed after `use`. `maxReads` interrupts the export. */
export async function exported<T>(
  deps: FakeDeps,
  use: (directory: string) => Promise<T>,
  maxReads = Infinity,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'audit-snapshot-innocent-'));
  try {
    await exportTo(deps, directory, maxReads);
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** An export that is interrupted leaves the file that it was writing. */
export async function exportTo(deps: FakeDeps, directory: string, maxReads = Infinity): Promise<void> {
  const ledger = await readFakeLedger(deps);
  const bucket = bucketReader(deps.store);
  let reads = 0;
  const reader: EvidenceReader = {
    async read(key, versionId, maxBytes) {
      if (++reads <= maxReads) return bucket.read(key, versionId, maxBytes);
      await mkdir(dirname(join(directory, key)), { recursive: true });
      await writeFile(join(directory, `${key}.part`), 'half');
      throw new Error('interrupted');
    },
  };
  try {
    for (const { snapshotId } of ledger.entries) await exportSnapshot(reader, snapshotId, directory);
    await exportLedger(reader, ledger, directory);
  } catch (error) {
    if (messageOf(error) !== 'interrupted') throw error;
  }
}
