import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readDatabaseConfig,
  readLogConfig,
  readSealingConfig,
  readStorageConfig,
  readVaultConfig,
} from '../../src/config';
import type { Window } from '../../src/contract/window';
import { chunkKey } from '../../src/evidence/objectKeys';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import { connectDatabase } from '../../src/mongo/connection';
import { AuditService } from '../../src/services/audit.service';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectSigner } from '../../src/vault/vaultSigner';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { bucketReader, directoryReader } from '../../src/verify/evidenceReaders';
import { exportLedger, exportSnapshot } from '../../src/verify/exportEvidence';
import { verifyEvidence, type EvidenceReport, type VerifiedEvidence } from '../../src/verify/verifyEvidence';
import type { Ledger } from '../../src/verify/verifyLedger';
import { auditTrail, type TrailEntry } from './auditTrail';
import type { DemoOutput, DemoProgress } from './output';
import { sealByJob } from './sealByJob';
import type { DemoServices } from './services';
import type { StepTimer } from './stepTimer';
import { alterOneRecord, type Alteration } from './tamper';

const DAY_MS = 86_400_000;
const WRITES_BETWEEN_UPDATES = 5_000;

/** What the demo shows, in order, and whether every step passed. */
export async function runSteps(
  services: DemoServices,
  records: number,
  timer: StepTimer,
  output: DemoOutput,
): Promise<{ readonly passed: boolean; readonly facts: object }> {
  const { env, directory } = services;
  const window = yesterday(Date.now());
  const trust = await timer.run('pin', 'the public key, before anything is signed with it', () =>
    pinKey(services),
  );
  await timer.run('write', `${records} audit records of ${window.from.slice(0, 10)}`, () =>
    writeTrail(env, records, window, output),
  );

  const result = await timer.run('seal', 'the window, through POST /jobs', () =>
    sealByJob(services, window, output),
  );
  output.note(`  ${JSON.stringify(result)}`);

  const bucket = bucketReader(connectObjectStore(readStorageConfig(env)));
  const { report: genuine, ledger } = await timer.run(
    'verify',
    'ledger and snapshot in storage, with the pinned key',
    () => verifyAll(bucket, trust, [], output),
  );

  const copy = join(directory, 'tampered-copy');
  const { altered, forged, caught } = await timer.run('tamper', 'one letter of one record, in a copy', () =>
    showTampering(bucket, ledger, trust, result.snapshotId, copy, output),
  );
  return {
    passed: result.recordCount === records && genuine.verdict === 'VERIFIED' && caught,
    facts: { result, genuine: genuine.verdict, forged: forged.verdict, altered, evidence: copy },
  };
}

/** The whole of yesterday in UTC: a window that is over. */
function yesterday(nowMs: number): Window {
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
  { from, to }: Window,
  output: DemoOutput,
): Promise<void> {
  const connection = await connectDatabase(readDatabaseConfig(env).uri);
  using display = output.showProgress();
  const trail = auditTrail(records, Date.parse(from), Date.parse(to) + 1);
  try {
    await new AuditService(connection, readLogConfig(env)).logAuditEntries(
      withProgress(trail, records, display),
    );
  } finally {
    await connection.close();
  }
}

function* withProgress(
  trail: Iterable<TrailEntry>,
  total: number,
  display: DemoProgress,
): Generator<TrailEntry> {
  let written = 0;
  for (const entry of trail) {
    if (written % WRITES_BETWEEN_UPDATES === 0) display.update('writing', written, total);
    yield entry;
    written++;
  }
}

async function verifyAll(
  reader: EvidenceReader,
  trust: TrustFile,
  found: readonly string[],
  output: DemoOutput,
): Promise<VerifiedEvidence> {
  const verified = await verifyShown(reader, trust, found, output);
  output.result(output.describeEvidence(verified.report));
  return verified;
}

async function verifyShown(
  reader: EvidenceReader,
  trust: TrustFile,
  found: readonly string[],
  output: DemoOutput,
): Promise<VerifiedEvidence> {
  using display = output.showProgress();
  return await verifyEvidence(reader, {
    trust,
    found,
    onProgress: (_snapshotId, done, total) => display.update('verifying', done, total),
  });
}

/** Exports the evidence to `directory`, alters one record there, verifies the copy and prints whether that was caught. */
async function showTampering(
  bucket: EvidenceReader,
  ledger: Ledger | undefined,
  trust: TrustFile,
  snapshotId: string,
  directory: string,
  output: DemoOutput,
): Promise<{ altered: Alteration; forged: EvidenceReport; caught: boolean }> {
  if (ledger) await exportLedger(bucket, ledger, directory);
  await exportSnapshot(bucket, snapshotId, directory);
  const altered = await alterOneRecord(directory, chunkKey(snapshotId, 0));
  const { report: forged } = await verifyAll(directoryReader(directory), trust, [snapshotId], output);
  const caught = isCaught(forged, altered);
  output.result(
    caught
      ? `tampering caught: record ${altered.id} was altered, and named`
      : 'the tampering was NOT caught, although it must be',
  );
  return { altered, forged, caught };
}

/** Verification must fail, and a failure must name the record. */
function isCaught({ verdict, snapshots }: EvidenceReport, { id }: Alteration): boolean {
  const failures = snapshots.flatMap((snapshot) => snapshot.failures);
  return verdict === 'NOT VERIFIED' && failures.some(({ object }) => object.includes(id));
}
