import type { HashScheme } from '../src/evidence/recordFinding';
import type {
  AssetRegistry,
  Clock,
  JobDesk,
  LedgerBook,
  ObjectStore,
  RecordSource,
  Signer,
  SnapshotRepository,
  Timestamper,
  WindowLeases,
  WorkflowDirectory,
} from '../src/ports';

/** What the activities work with; a composition root fills it with adapters, a unit test with fakes. */
export interface ActivityDeps {
  readonly records: RecordSource;
  readonly store: ObjectStore;
  readonly signer: Signer;
  readonly snapshots: SnapshotRepository;
  readonly leases: WindowLeases;
  readonly timestamper: Timestamper | undefined;
  readonly assets: AssetRegistry;
  readonly ledger: LedgerBook;
  readonly jobs: JobDesk;
  readonly directory: WorkflowDirectory;
  readonly clock: Clock;
  readonly settings: SealingSettings;
}

interface SealingSettings {
  /** Schema-less URL that names this ledger in every checkpoint. */
  readonly origin: string;
  readonly hashScheme: HashScheme;
  readonly retentionMs: number;
  /** Lock of an object from its first write until its asset is registered. */
  readonly holdMs: number;
  /** How much later than its timestamp a record may arrive before it counts as backdated. */
  readonly lateAllowanceMs: number;
  readonly chunkLimits: { readonly maxRecords: number; readonly maxBytes: number };
  /** Name and version of this software, as the manifest names it. */
  readonly software: string;
}
