import { createHash } from 'node:crypto';
import { ObjectId } from 'bson';
import { entryOf } from '../../src/evidence/ledgerEntry';
import { manifestKey } from '../../src/evidence/objectKeys';
import { sha256Hex } from '../../src/tlog/sha256';
import type { TrustFile } from '../../src/evidence/trustFile';
import { evidenceKey, hashedRecord, makeEvidence, type Evidence, type EvidenceKey } from './evidence';
import { ledgerObjects } from './ledger';

const START_MS = Date.parse('2026-01-31T00:00:00.000Z');

/** What an auditor receives: snapshots, the ledger over them, and the keys to pin. */
export interface EvidenceSet {
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly snapshotIds: readonly string[];
  readonly trust: TrustFile;
  /** Of the ledger, in order. */
  readonly entries: readonly Buffer[];
}

/** A record with a payload that does not compress, so that few records make many bytes; deterministic. */
export function bulkyRecord(index: number, sizeBytes: number): Buffer {
  const payload = Buffer.concat(
    Array.from({ length: Math.ceil(sizeBytes / 32) }, (_, part) =>
      createHash('sha256').update(`${index} ${part}`).digest(),
    ),
  );
  const document = {
    _id: new ObjectId((index + 1).toString(16).padStart(24, '0')),
    timestamp: new Date(START_MS + index * 1000),
    action: 'document.read',
    payload: payload.subarray(0, sizeBytes),
  };
  return hashedRecord(document);
}

/** Snapshots `snap-job-1` … of one day and these records each, in chunks, and their ledger: all after the first are late. */
export async function evidenceSet(
  snapshots: readonly (readonly Buffer[])[],
  chunkRecords: number,
  key: EvidenceKey = evidenceKey(1),
): Promise<EvidenceSet> {
  const sealed: Evidence[] = [];
  for (const [index, records] of snapshots.entries()) {
    const earlier = sealed.map(({ manifest }) => manifest.snapshotId);
    const late = { recordCount: index === 0 ? 0 : records.length, snapshots: earlier };
    sealed.push(await makeEvidence({ records, chunkRecords, key, jobId: `job-${index + 1}`, late }));
  }
  const entries = sealed.map(({ manifest, objects }) =>
    entryOf(manifest, sha256Hex(objects.get(manifestKey(manifest.snapshotId))!)),
  );
  return {
    objects: new Map([...sealed.flatMap(({ objects }) => [...objects]), ...ledgerObjects(entries, key)]),
    snapshotIds: sealed.map(({ manifest }) => manifest.snapshotId),
    trust: sealed[0]!.trust,
    entries,
  };
}
