import { LEDGER_LOCK_LAG_MS } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import { objectsOfLedger, objectsOfSnapshot } from '../evidence/objectKeys';
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

/**
 * Checks that every object of the ledger is locked about as long as its newest snapshot: without one of them, none of its
 * snapshots can be verified any more. Of the versions of an object, the one that is locked longest counts. A lock that
 * ends too early can be extended, so it makes the ledger incomplete; an object without a lock is not write-once.
 */
export async function verifyLedgerLocks(
  reader: EvidenceReader,
  report: ReportBuilder,
  ledgerSize: number,
  { snapshotId, retention }: Manifest,
  versionsOf: (key: string) => readonly (string | undefined)[],
): Promise<void> {
  if (!reader.readLock) return;
  const leastMs = Date.parse(retention.until) - LEDGER_LOCK_LAG_MS;
  const expected = `COMPLIANCE until ${new Date(leastMs).toISOString()} or longer: the newest snapshot ${snapshotId} is locked until ${retention.until}`;
  for (const { key } of objectsOfLedger(ledgerSize)) {
    const lock = await longestLock(reader, key, versionsOf(key));
    if (lock === 'no object') continue;
    const found = lock ? `${lock.mode} until ${lock.until.toISOString()}` : 'no lock';
    if (lock?.mode !== 'COMPLIANCE') report.invalid('ledger retention', key, expected, found);
    else if (secondsOf(lock.until) < secondsOf(new Date(leastMs)))
      report.missing('ledger retention', key, expected, found);
    else report.pass('ledger retention');
  }
}

type Lock = { readonly mode: string; readonly until: Date } | undefined;

async function longestLock(
  reader: EvidenceReader,
  key: string,
  versions: readonly (string | undefined)[],
): Promise<Lock | 'no object'> {
  let longest: Lock | 'no object' = 'no object';
  for (const versionId of versions) {
    const lock = await reader.readLock?.(key, versionId);
    if (lock !== 'no object' && (longest === 'no object' || endOf(lock) > endOf(longest))) longest = lock;
  }
  return longest;
}

/** A lock that can be removed does not count. */
function endOf(lock: Lock): number {
  return lock?.mode === 'COMPLIANCE' ? lock.until.getTime() : 0;
}

/** Storage keeps the end of a lock in whole seconds at best. */
function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
