import { writeFile } from 'node:fs/promises';
import { connectDatabase } from '../mongo/connection';
import { readDatabaseConfig } from '../config';
import { SnapshotError } from '../errors';
import { proveRecord } from '../verify/proveRecord';
import { verifyLedger, type Ledger } from '../verify/verifyLedger';
import { verifyProof } from '../verify/verifyProof';
import { AuditService } from '../services/audit.service';
import { locateEvidence, readTrust, type EvidenceSource } from './evidenceSource';
import { EXIT, type Output } from './output';
import { describeLedger } from './printReport';

export interface ProveOptions {
  readonly key: string;
  readonly snapshot?: string;
  readonly dir?: string;
  readonly out: string;
  readonly json?: boolean;
}

const RECORD_ID = /^([0-9a-f]{24}|bson:[0-9a-f]{2}:([0-9a-f]{2})*)$/;

/**
 * Writes the proof of one record: that it is in its snapshot, and that its snapshot is in the ledger. The proof is
 * verified before it is written. Without `--snapshot` the live record says where it is.
 */
export async function prove(recordId: string, options: ProveOptions, output: Output): Promise<number> {
  if (!RECORD_ID.test(recordId))
    throw new SnapshotError(
      'USAGE_INVALID',
      `not a record id (24 hex digits, or bson:<type>:<hex>): ${recordId}`,
    );
  const trust = await readTrust(options.key);
  const place = await locateEvidence(options.dir);
  const ledger = await openLedger(place, options.key);
  const snapshotId = options.snapshot ?? (await snapshotOf(recordId));
  const proof = await proveRecord(place.reader, ledger, { snapshotId, recordId });
  const report = verifyProof(proof, trust);
  if (report.verdict !== 'VERIFIED')
    throw new SnapshotError(
      'EVIDENCE_INVALID',
      `the evidence of ${snapshotId} does not prove the record; run verify ${snapshotId}`,
    );
  await writeFile(options.out, proof);
  const { recordIndex, ledgerIndex } = report;
  if (options.json === true)
    output.result(JSON.stringify({ recordId, snapshotId, recordIndex, ledgerIndex, out: options.out }));
  else
    output.result(
      `wrote ${options.out}: record ${recordId}, index ${recordIndex} of ${snapshotId}, entry ${ledgerIndex} of the ledger`,
    );
  return EXIT.ok;
}

/** The ledger of a place, verified with pinned keys; EVIDENCE_INVALID says what is wrong with it. */
export async function openLedger({ reader }: EvidenceSource, keyPath: string): Promise<Ledger> {
  const { report, ledger } = await verifyLedger(reader, { trust: await readTrust(keyPath), key: 'pinned' });
  if (ledger && report.verdict === 'VERIFIED') return ledger;
  const code = report.verdict === 'INCOMPLETE' ? 'EVIDENCE_INCOMPLETE' : 'EVIDENCE_INVALID';
  throw new SnapshotError(code, `the ledger does not verify\n${describeLedger(report, false)}`);
}

async function snapshotOf(recordId: string): Promise<string> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const snapshotId = await new AuditService(connection).findSnapshotOf(recordId);
    if (snapshotId !== undefined) return snapshotId;
  } finally {
    await connection.close();
  }
  const message = `record ${recordId} is not in the database, or not sealed; name its snapshot with --snapshot`;
  throw new SnapshotError('SNAPSHOT_NOT_FOUND', message);
}
