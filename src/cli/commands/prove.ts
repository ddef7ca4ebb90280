import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { readLogConfig } from '../../config';
import { SnapshotError } from '../../errors';
import { AuditService } from '../../services/audit.service';
import { proveRecord } from '../../verify/proveRecord';
import { verifyProof } from '../../verify/verifyProof';
import { action } from '../action';
import { openDatabase } from '../connections/database';
import { locateEvidence, openLedger, readTrust } from '../evidenceSource';
import { dirOption, example, jsonOption, keyOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

interface ProveOptions extends JsonOption {
  readonly key: string;
  readonly snapshot?: string;
  readonly dir?: string;
  readonly out: string;
}

const RECORD_ID = /^([0-9a-f]{24}|bson:[0-9a-f]{2}:([0-9a-f]{2})*)$/;

/** `prove`: the inclusion proof of one record. It is verified before it is written. */
export function define(command: Command): void {
  command
    .description('write the proof that a record is in its snapshot and that the snapshot is in the ledger')
    .argument('<recordId>')
    .addOption(keyOption())
    .option(
      '--snapshot <snapshotId>',
      'the snapshot that contains the record; without this option, the record in MongoDB names it',
    )
    .addOption(dirOption())
    .option('--out <file>', 'where to write the proof', 'proof.json')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot prove 65f0c0ffee65f0c0ffee65f0 --key trust.json'))
    .action(action(prove));
}

async function prove(recordId: string, options: ProveOptions, output: Output): Promise<number> {
  if (!RECORD_ID.test(recordId)) {
    const message = `not a record id (24 hex digits, or bson:<type>:<hex>): ${recordId}`;
    throw new SnapshotError('USAGE_INVALID', message);
  }
  const { key, out } = options;
  const trust = await readTrust(key);
  const source = await locateEvidence(options.dir);
  const ledger = await openLedger(source, key);
  const snapshotId = options.snapshot ?? (await findSnapshot(recordId));

  const proof = await proveRecord(source.reader, ledger, { snapshotId, recordId });
  const { verdict, recordIndex, ledgerIndex } = verifyProof(proof, trust);
  if (verdict !== 'VERIFIED') {
    const message = `the evidence of ${snapshotId} does not prove the record; run verify ${snapshotId}`;
    throw new SnapshotError('EVIDENCE_INVALID', message);
  }
  await writeFile(out, proof);

  output.result(
    options.json === true
      ? JSON.stringify({ recordId, snapshotId, recordIndex, ledgerIndex, out })
      : `wrote ${out}: record ${recordId}, index ${recordIndex} of ${snapshotId}, entry ${ledgerIndex} of the ledger`,
  );
  return EXIT.ok;
}

async function findSnapshot(recordId: string): Promise<string> {
  await using database = await openDatabase();
  const snapshotId = await new AuditService(database.connection, readLogConfig()).findSnapshotOf(recordId);
  if (snapshotId !== undefined) return snapshotId;
  const message = `record ${recordId} is not in the database, or not sealed; name its snapshot with --snapshot`;
  throw new SnapshotError('SNAPSHOT_NOT_FOUND', message);
}
