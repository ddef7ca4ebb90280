import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import { snapshotIdOf } from '../../src/contract/names';
import { readSealingConfig } from '../../src/config';
import { MAX_MANIFEST_BYTES } from '../../src/evidence/limits';
import { parseManifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import type { TrustFile } from '../../src/evidence/trustFile';
import { SOFTWARE } from '../../src/version';
import { FakeDeps } from '../harness/fakeDeps';
import { InProcessRun } from '../harness/inProcessEngine';
import { comparableManifest } from '../simulation/invariants';
import type { ChaosRun } from './chaosRun';

/**
 * The manifest that the job makes when nothing happens to it: the same records as they were logged, sealed on fakes up to
 * the manifest, under the key version that the real one names.
 */
export async function undisturbedManifest(
  run: ChaosRun,
  input: AuditSnapshotInput,
  reader: EvidenceReader,
  { keys }: TrustFile,
): Promise<string | undefined> {
  const stored = await reader.read(manifestKey(snapshotIdOf(input.jobId)), undefined, MAX_MANIFEST_BYTES);
  const keyVersion = parseManifest(stored!).key.version;
  const key = keys.find(({ version }) => version === keyVersion)!;
  const fakes = new FakeDeps();
  const { origin, chunkLimits, retentionMs } = readSealingConfig(run.env);
  const settings = { ...fakes.settings, origin, chunkLimits, retentionMs, software: SOFTWARE };
  const signer = {
    listKeys: () =>
      Promise.resolve([
        {
          version: keyVersion,
          publicKey: Buffer.from(key.publicKey, 'base64'),
          createdAt: new Date(key.from),
        },
      ]),
    sign: () => Promise.reject(new Error('the reference ends in front of signing')),
  };
  for (const record of run.logged) fakes.records.addRaw(record);
  const { store } = fakes;
  await new InProcessRun({ ...portsOf(fakes), signer, settings }, { triesPerActivity: 1 })
    .run({ ...input, maxAttempts: 1 })
    .catch(() => undefined);
  return comparableManifest(
    { read: async (name, version) => (await store.get(name, 1e9, version))?.body },
    snapshotIdOf(input.jobId),
  );
}

function portsOf(fakes: FakeDeps): Omit<FakeDeps, 'logEntries'> {
  const {
    records,
    store,
    signer,
    snapshots,
    leases,
    timestamper,
    assets,
    ledger,
    jobs,
    workflowStatus,
    clock,
    settings,
  } = fakes;
  return {
    records,
    store,
    signer,
    snapshots,
    leases,
    timestamper,
    assets,
    ledger,
    jobs,
    workflowStatus,
    clock,
    settings,
  };
}
