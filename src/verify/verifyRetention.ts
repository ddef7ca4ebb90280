import type { EvidenceReader } from './evidenceReader';
import type { Manifest } from '../evidence/manifest';
import {
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import type { ReportBuilder } from './report';

/** Only where evidence lies in a bucket: every object is locked at least until the retention of its manifest. */
export async function verifyRetention(
  reader: EvidenceReader,
  report: ReportBuilder,
  { snapshotId, chunks, retention }: Manifest,
): Promise<void> {
  if (!reader.readLock) return;
  const named = chunks.map(({ key, versionId }) => ({ key, versionId }));
  const others = [manifestKey, manifestSignatureKey, manifestTimestampKey, snapshotCheckpointKey].map(
    (keyOf) => ({
      key: keyOf(snapshotId),
      versionId: undefined,
    }),
  );
  for (const { key, versionId } of [...named, ...others]) {
    const lock = await reader.readLock(key, versionId);
    if (lock === 'no object') continue;
    // Storage keeps whole seconds at best.
    const enough =
      lock?.mode === retention.mode &&
      Math.floor(lock.until.getTime() / 1000) >= Math.floor(Date.parse(retention.until) / 1000);
    const expected = `${retention.mode} until ${retention.until}`;
    const found = lock ? `${lock.mode} until ${lock.until.toISOString()}` : 'no lock';
    report.check('retention', key, expected, enough ? expected : found);
  }
}
