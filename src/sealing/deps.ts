/**
 * The room of making evidence: what the activities share. A batch of records becomes a stored chunk (`collectBatch`,
 * `storedChunk`, `hashChunk`), chunks become a manifest (`buildManifest`), and signed snapshots become a published ledger
 * (`publishLedger`). `leaseRules`, `windowAdmission` and `supersession` decide who may seal a window. Everything works on
 * ports; nothing here knows Temporal or a vendor.
 */
import type { HashScheme } from '../evidence/recordFinding';
import type { RecordSourceNames } from '../evidence/recordMembers';
import type { AssetRegistry } from '../ports/assetRegistry';
import type { Clock } from '../ports/clock';
import type { JobReporter } from '../ports/jobReporter';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import type { ObjectStore } from '../ports/objectStore';
import type { RecordSource } from '../ports/recordSource';
import type { SealingMetrics } from '../ports/sealingMetrics';
import type { Signer } from '../ports/signer';
import type { SnapshotRepository } from '../ports/snapshotRepository';
import type { Timestamper } from '../ports/timestamper';
import type { WriteCheck } from '../ports/writeCheck';
import type { WindowLeaseStore } from '../ports/windowLeaseStore';
import type { WorkflowStatusReader } from '../ports/workflowStatusReader';
import type { LedgerIndex } from './ledgerIndex';

/** The ports and settings that activities run with: adapters in the worker, fakes in unit tests. */
export interface SealingDeps {
  readonly records: RecordSource;
  readonly store: ObjectStore;
  readonly signer: Signer;
  readonly snapshots: SnapshotRepository;
  readonly leases: WindowLeaseStore;
  readonly timestamper: Timestamper | undefined;
  readonly assets: AssetRegistry;
  readonly ledger: LedgerSequencer;
  /** What this process remembers of the published ledger. */
  readonly ledgerIndex: LedgerIndex;
  readonly jobs: JobReporter;
  readonly writeCheck: WriteCheck;
  readonly workflowStatus: WorkflowStatusReader;
  /** Undefined: nothing is counted. */
  readonly metrics?: SealingMetrics | undefined;
  readonly clock: Clock;
  readonly settings: SealingSettings;
}

interface SealingSettings {
  /** Schema-less URL that names this ledger in every checkpoint. */
  readonly origin: string;
  /** The collection that is sealed, and the names of its members. */
  readonly source: RecordSourceNames;
  readonly hashScheme: HashScheme;
  readonly retentionMs: number;
  /** Lock of an object from its first write until its asset is registered. */
  readonly holdMs: number;
  /** How much later than its timestamp a record may arrive before it counts as backdated. */
  readonly lateAllowanceMs: number;
  /** How long the live log keeps records; undefined: for ever. */
  readonly logRetentionMs?: number | undefined;
  readonly chunkLimits: { readonly maxRecords: number; readonly maxBytes: number };
  /** Name and version of this software, as the manifest names it. */
  readonly software: string;
}

/** Until when an object is locked by its first write. */
export function holdUntil({ clock, settings }: SealingDeps): Date {
  return new Date(clock.nowMs() + settings.holdMs);
}
