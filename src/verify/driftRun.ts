import type { Window } from '../contract/window';
import type { RecordSourceNames } from '../evidence/recordMembers';
import type { LedgerSequencer } from '../ports/ledgerSequencer';
import type { ObjectStore } from '../ports/objectStore';
import type { RecordSource } from '../ports/recordSource';
import type { Candidates } from './driftCandidates';
import type { DriftTally } from './driftTally';
import type { MarkingDeps } from './markingState';
import type { Ledger } from './verifyLedger';

export interface DriftAuditDeps extends MarkingDeps {
  readonly records: RecordSource;
  readonly store: ObjectStore;
  /** The ledger entries in the database. */
  readonly ledger: Pick<LedgerSequencer, 'head' | 'list'>;
}

export interface DriftAuditOptions {
  /** Verified with pinned keys: what its entries lead to counts as sealed. */
  readonly ledger: Ledger;
  /** The live log. Where records were sealed from, their manifest says. */
  readonly source: RecordSourceNames;
  /** Reads and verifies the ledger again: what was sealed during the comparison is not taken for planted. */
  readonly readLedger?: () => Promise<Ledger>;
  /** Only snapshots whose window overlaps this log time. */
  readonly within?: Window;
  /** Index of the ledger entry to begin with. */
  readonly fromIndex: number;
  /** A record may arrive this much later than its own timestamp; after that it is backdated. */
  readonly lateAllowanceMs: number;
  /** The live log keeps records this long: an older one may be gone. Undefined: it keeps them for ever. */
  readonly logRetentionMs?: number | undefined;
  /** After this time on the clock no further snapshot is begun. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (snapshotId: string, records: number, total: number) => void;
}

/** What the parts of one comparison share. */
export interface DriftRun {
  readonly deps: DriftAuditDeps;
  readonly options: DriftAuditOptions;
  readonly tally: DriftTally;
  readonly candidates: Candidates;
}
