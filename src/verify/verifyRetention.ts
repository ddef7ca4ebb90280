import type { Manifest } from '../evidence/manifest';
import { objectsOfSnapshot } from '../evidence/objectKeys';
import type { EvidenceReader } from './evidenceReader';
import type { ReportBuilder } from './report';

/** Checks that every object is locked at least until the retention of its manifest; only a bucket has locks. */
export async function verifyRetention(
  reader: EvidenceReader,
  report: ReportBuilder,
  { snapshotId, chunks, retention }: Manifest,
): Promise<void> {
  if (!reader.readLock) return;
  for (const { key, versionId } of objectsOfSnapshot(snapshotId, chunks)) {
    const lock = await reader.readLock(key, versionId);
    if (lock === 'no object') continue;
    const isLocked =
      lock?.mode === retention.mode && secondsOf(lock.until) >= secondsOf(new Date(retention.until));
    const expected = `${retention.mode} until ${retention.until}`;
    const found = lock ? `${lock.mode} until ${lock.until.toISOString()}` : 'no lock';
    report.check('retention', key, expected, isLocked ? expected : found);
  }
}

/** Storage keeps the end of a lock in whole seconds at best. */
function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
