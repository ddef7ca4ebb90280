import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { connectSigner } from '../../src/vault/vaultSigner';
import { readDatabaseConfig, readSealingConfig, readStorageConfig, readVaultConfig } from '../../src/config';
import { chunkKey } from '../../src/evidence/objectKeys';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { verifyLedger } from '../../src/verify/verifyLedger';
import { verifyEvidence, type EvidenceReport } from '../../src/verify/verifyEvidence';
import { AuditService } from '../../src/services/audit.service';
import { bucketReader, directoryReader } from '../../src/verify/evidenceReaders';
import type { Output } from '../../src/cli/output';
import { exportLedger, exportSnapshot } from '../../src/cli/exportEvidence';
import { describeLedger, describeReport, describeVerdict } from '../../src/cli/printReport';
import { showProgress } from '../../src/cli/progressLine';
import { auditTrail } from './auditTrail';
import type { DemoServices } from './services';
import { sealByJob } from './sealByJob';
import type { Stages } from './stages';
import { alterOneRecord } from './tamper';

const DAY_MS = 86_400_000;
const WRITES_BETWEEN_UPDATES = 5_000;

/** What the demo shows, in order, and whether all of it held. */
export async function runScenes(
  product: DemoServices,
  records: number,
  stages: Stages,
  output: Output,
): Promise<{ held: boolean; facts: object }> {
  const { env, directory } = product;
  const window = yesterday(Date.now());
  const trust = await stages.run('pin', 'the public key, before anything is signed with it', () =>
    pinKey(product),
  );
  await stages.run('write', `${records} audit records over ${window.from.slice(0, 10)}`, () =>
    writeTrail(env, records, window),
  );
  const result = await stages.run('seal', 'the window, through POST /jobs', () => sealByJob(product, window));
  output.note(`  ${JSON.stringify(result)}`);

  const { snapshotId } = result;
  const stored = bucketReader(connectObjectStore(readStorageConfig(env)));
  const genuine = await stages.run('verify', 'ledger and snapshot in storage, with the pinned key', () =>
    verifyAll(stored, trust, [], output),
  );

  const copy = join(directory, 'tampered-copy');
  const { altered, forged } = await stages.run('tamper', 'one letter of one record, in a copy', async () => {
    await exportAll(stored, trust, snapshotId, copy);
    const alteration = await alterOneRecord(copy, chunkKey(snapshotId, 0));
    return {
      altered: alteration,
      forged: await verifyAll(directoryReader(copy), trust, [snapshotId], output),
    };
  });

  const named = forged.snapshots.some(({ failures }) =>
    failures.some(({ object }) => object.includes(altered.id)),
  );
  const caught = forged.verdict === 'NOT VERIFIED' && named;
  output.result(
    caught
      ? `tampering caught: record ${altered.id} was altered, and named`
      : 'the tampering was NOT caught as it must be',
  );
  const held = result.recordCount === records && genuine.verdict === 'VERIFIED' && caught;
  return {
    held,
    facts: { result, genuine: genuine.verdict, forged: forged.verdict, altered, evidence: copy },
  };
}

/** Yesterday, whole, in UTC: a window that is over. */
function yesterday(nowMs: number): { from: string; to: string } {
  const fromMs = Math.floor(nowMs / DAY_MS) * DAY_MS - DAY_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + DAY_MS - 1).toISOString() };
}

async function pinKey({ env, directory }: DemoServices): Promise<TrustFile> {
  const signer = await connectSigner(readVaultConfig(env));
  const trust = makeTrustFile(readSealingConfig(env).origin, await signer.listKeys());
  writeFileSync(join(directory, 'trust.json'), `${JSON.stringify(trust, null, 2)}\n`);
  return trust;
}

async function writeTrail(
  env: DemoServices['env'],
  records: number,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const connection = await connectDatabase(readDatabaseConfig(env).uri);
  const display = showProgress(process.stderr);
  const counted = function* () {
    let written = 0;
    for (const entry of auditTrail(records, Date.parse(from), Date.parse(to) + 1)) {
      if (written++ % WRITES_BETWEEN_UPDATES === 0) display.update('writing', written - 1, records);
      yield entry;
    }
  };
  try {
    await new AuditService(connection).logAuditEntries(counted());
  } finally {
    display.end();
    await connection.close();
  }
}

async function exportAll(
  reader: EvidenceReader,
  trust: TrustFile,
  snapshotId: string,
  directory: string,
): Promise<void> {
  const { ledger } = await verifyLedger(reader, { trust, key: 'pinned' });
  if (ledger) await exportLedger(reader, ledger, directory);
  await exportSnapshot(reader, snapshotId, directory);
}

async function verifyAll(
  reader: EvidenceReader,
  trust: TrustFile,
  found: readonly string[],
  output: Output,
): Promise<EvidenceReport> {
  const display = showProgress(process.stderr);
  const { report } = await verifyEvidence(reader, {
    trust,
    found,
    onProgress: (_snapshotId, done, total) => display.update('verifying', done, total),
  });
  display.end();
  output.result(describeLedger(report.ledger, false));
  for (const snapshot of report.snapshots) output.result(describeReport(snapshot, false));
  output.result(describeVerdict(report, false));
  return report;
}
