import { AUDIT_LOG } from '../../src/evidence/recordMembers';
import type { SnapshotSeed } from '../../src/ports/snapshotRepository';

/** What a job over the first of March 2026 decides when it opens its snapshot. */
export function seedOf(jobId: string, change: Partial<SnapshotSeed> = {}): SnapshotSeed {
  return {
    snapshotId: `snap-${jobId}`,
    jobId,
    origin: 'test.example/audit',
    source: AUDIT_LOG,
    window: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' },
    onTamper: 'seal',
    openedAt: '2026-03-02T00:00:00.000Z',
    retainUntil: '2032-03-02T00:00:00.000Z',
    hashScheme: 'bson-sha256/v1',
    timestamp: 'none',
    keyVersion: 1,
    publicKey: '',
    software: 'audit-snapshot/0',
    chunkLimits: { maxRecords: 1, maxBytes: 1 },
    ...change,
  };
}
