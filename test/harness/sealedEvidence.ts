import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import { FakeDeps } from './fakeDeps';
import type { FakeSigner } from './fakes/fakeSigner';
import { InProcessRun } from './inProcessEngine';

/** A snapshot made by the real activities, in memory: its objects by key, and the keys to pin. */
export interface SealedEvidence {
  readonly snapshotId: string;
  readonly objects: Map<string, Buffer>;
  readonly trust: TrustFile;
  readonly signer: FakeSigner;
}

/** Seals `records` audit entries in chunks of four. */
export async function sealEvidence(records: number): Promise<SealedEvidence> {
  const deps = new FakeDeps();
  deps.logEntries(records);
  const window = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
  const { snapshotId } = await new InProcessRun(deps).run({ jobId: 'job-1', ...window });
  const objects = new Map<string, Buffer>();
  for (const key of deps.store.keys()) objects.set(key, (await deps.store.get(key, 2 ** 24))!.body);
  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  return {
    snapshotId,
    objects,
    trust,
    signer: deps.signer,
  };
}
