import type { Connection } from 'mongoose';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import type { RecordSourceNames } from '../evidence/recordMembers';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { leftOutScan } from '../mongo/leftOutRecords';
import { AuditService } from '../services/audit.service';
import { readLeftOut, type LeftOutStates } from '../verify/leftOutStates';
import type { EvidenceReader } from '../verify/evidenceReader';
import { bucketReader } from '../verify/evidenceReaders';
import { readFindings, type SnapshotFindings } from '../verify/findingStates';
import { uncoveredBy } from '../verify/uncovered';
import { openObjectStore } from './connections/objectStore';

/** The entries of the ledger in the database. DATABASE_*. */
export async function readEntries(connection: Connection, origin: string): Promise<readonly LedgerEntry[]> {
  const ledger = new MongoLedgerSequencer(connection, origin);
  return (await ledger.list(0, (await ledger.head()).size)).map(parseEntry);
}

/** The findings of these snapshots, by the manifests in the bucket, and what acknowledges them. DATABASE_*, STORAGE_*. */
export function findingsOf(
  connection: Connection,
  source: RecordSourceNames,
  entries: readonly LedgerEntry[],
  snapshots: readonly { readonly snapshotId: string; readonly findingCount: number }[],
): Promise<readonly SnapshotFindings[]> {
  const records = new AuditService(connection, source);
  return readFindings({ reader: lazyReader(), records, entries, members: source.members }, snapshots);
}

/** What sealing leaves out, and what of it sealed records acknowledge. DATABASE_*, STORAGE_*. */
export function leftOutOf(
  connection: Connection,
  source: RecordSourceNames,
  entries: readonly LedgerEntry[],
): Promise<LeftOutStates> {
  const byId = new Map(entries.map((entry) => [entry.snapshotId, entry]));
  const deps = {
    reader: lazyReader(),
    records: new AuditService(connection, source),
    entryOf: (snapshotId: string) => byId.get(snapshotId),
    members: source.members,
    scan: leftOutScan(connection, source),
  };
  return readLeftOut(deps, { uncovered: uncoveredBy(entries.map(({ window }) => window)) });
}

/** Storage is needed only where there is something to look for. */
function lazyReader(): EvidenceReader {
  let opened: EvidenceReader | undefined;
  return { read: async (...args) => (opened ??= bucketReader(openObjectStore())).read(...args) };
}
