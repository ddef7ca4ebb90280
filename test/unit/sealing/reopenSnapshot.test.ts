import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { restoreEvidence } from '../../../src/sealing/restoreEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const INPUT = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

test.each([
  ['signed', 'registerAsset', ['snap-job-1']],
  ['not signed', 'signManifest', []],
] as const)(
  'a snapshot that is %s and not in the ledger is reopened only if it is signed, and a run then finishes it',
  async (_what, dieBefore, reopened) => {
    const before = new FakeDeps();
    before.logEntries(6);
    await expect(new InProcessRun(before, { dieBefore }).run(INPUT)).rejects.toThrow(/died/);
    const { store, signer, clock, records } = before;
    const after = Object.assign(new FakeDeps(), { store, signer, clock, records });
    const deps = Object.assign(after, {
      restorer: after.snapshots,
      inserter: records,
      resultOf: () => Promise.resolve(undefined),
      ledgerIndex: new LedgerIndex(),
    });
    const options = { insert: false, dryRun: false };
    await expect(restoreEvidence(deps, [], [], options)).resolves.toMatchObject({ reopened });
    const manifest = store.versions('snapshots/snap-job-1/manifest.json').length;
    const ended = reopened.length > 0 ? await new InProcessRun(after).run(INPUT) : undefined;
    expect(ended?.ledgerIndex).toBe(reopened.length > 0 ? 0 : undefined);
    expect(store.versions('snapshots/snap-job-1/manifest.json')).toHaveLength(manifest);
  },
);
