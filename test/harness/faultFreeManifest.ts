import { snapshotIdOf } from '../../src/contract/names';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { SealingDeps } from '../../src/sealing/deps';
import { FakeDeps } from './fakeDeps';
import { InProcessRun } from './inProcessEngine';
import { comparableManifest } from './invariants';
import { ProcessDied } from './workflowRun';

/**
 * The manifest that a run without faults makes of these records, in the form of {@link comparableManifest}. It is made on
 * fakes and the run ends before signing, so no server is changed; `signer` is asked for its keys alone.
 */
export async function faultFreeManifest(
  input: AuditSnapshotInput,
  records: readonly Uint8Array[],
  { signer, settings }: Pick<SealingDeps, 'signer' | 'settings'>,
): Promise<string | undefined> {
  const fakes = new FakeDeps();
  for (const record of records) fakes.records.addRaw(record);
  const deps = Object.assign(fakes, { signer, settings });
  await new InProcessRun(deps, { dieBefore: 'signManifest' }).run(input).catch((error: unknown) => {
    if (!(error instanceof ProcessDied)) throw error;
  });
  const reader = {
    read: async (key: string, version: string | undefined, maxBytes: number) =>
      (await fakes.store.get(key, maxBytes, version))?.body,
  };
  return comparableManifest(reader, snapshotIdOf(input.jobId));
}
