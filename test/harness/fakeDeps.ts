import type { KeyPairKeyObjectResult } from 'node:crypto';
import type { SealingDeps } from '../../src/sealing/deps';
import { AUDIT_LOG, type RecordSourceNames } from '../../src/evidence/recordMembers';
import { LedgerIndex } from '../../src/sealing/ledgerIndex';
import type { Timestamper } from '../../src/ports/timestamper';
import { FakeAssetRegistry } from './fakes/fakeAssetRegistry';
import { FakeClock } from './fakes/fakeClock';
import { FakeJobStore } from './fakes/fakeJobStore';
import { FakeLedgerSequencer } from './fakes/fakeLedgerSequencer';
import { FakeObjectStore } from './fakes/fakeObjectStore';
import { FakeRecordSource } from './fakes/fakeRecordSource';
import { FakeSigner } from './fakes/fakeSigner';
import { FakeSnapshotRepository } from './fakes/fakeSnapshotRepository';
import { FakeWindowLeaseStore } from './fakes/fakeWindowLeaseStore';
import { FakeWriteCheck } from './fakes/fakeWriteCheck';
import { FakeWorkflowStatusReader } from './fakes/fakeWorkflowStatusReader';

const DAY_MS = 86_400_000;

/** The ports of the activities in memory; chunks hold four records, so that a few records make several. */
export class FakeDeps implements SealingDeps {
  readonly records: FakeRecordSource;
  readonly store = new FakeObjectStore();
  readonly signer: FakeSigner;
  readonly snapshots = new FakeSnapshotRepository();
  readonly leases = new FakeWindowLeaseStore();
  timestamper: Timestamper | undefined;
  readonly assets = new FakeAssetRegistry();
  readonly ledger = new FakeLedgerSequencer();
  ledgerIndex = new LedgerIndex();
  readonly jobs = new FakeJobStore();
  readonly writeCheck = new FakeWriteCheck();
  readonly workflowStatus = new FakeWorkflowStatusReader();
  readonly clock = new FakeClock('2026-06-01T00:00:00.000Z');
  readonly settings = {
    origin: 'test.example/audit',
    source: AUDIT_LOG,
    hashScheme: 'bson-sha256/v1',
    retentionMs: 365 * DAY_MS,
    holdMs: 7 * DAY_MS,
    lateAllowanceMs: DAY_MS,
    chunkLimits: { maxRecords: 4, maxBytes: 33_554_432 },
    software: 'audit-snapshot/test',
  } as const;

  /** `key` is the first version of the signing key, by default a new one. */
  constructor(key?: KeyPairKeyObjectResult, source: RecordSourceNames = AUDIT_LOG) {
    this.records = new FakeRecordSource(source.members);
    this.settings = { ...this.settings, source };
    this.signer = new FakeSigner(key, () => new Date(this.clock.nowMs()));
  }

  /** Logs `count` entries, a second apart from `from` on; returns their position ids. */
  logEntries(count: number, from = '2026-03-01T00:00:00.000Z'): string[] {
    return Array.from({ length: count }, (_, index) =>
      this.records.log({
        resourceType: 'invoice',
        resourceId: `invoice-${index}`,
        action: 'invoice.updated',
        actorId: 'amélie',
        details: { index },
        timestamp: new Date(Date.parse(from) + index * 1000),
      }),
    );
  }
}
