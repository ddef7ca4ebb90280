import { AUDIT_LOG } from '../../../src/evidence/recordMembers';
import { parseManifest } from '../../../src/evidence/manifest';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { bucketReader } from '../../../src/verify/evidenceReaders';
import { proveRecord } from '../../../src/verify/proveRecord';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { verifyProof } from '../../../src/verify/verifyProof';
import { parseProof, serializeProof } from '../../../src/evidence/recordProof';
import { FakeDeps } from '../../harness/fakeDeps';
import { auditFakes, readFakeLedger } from '../../harness/driftAudit';
import { InProcessRun } from '../../harness/inProcessEngine';
import { ProcessDied } from '../../harness/workflowRun';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const NEXT = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-02T23:59:59.999Z' };
const EVENTS = {
  collection: 'events',
  members: { time: 'createdAt', hash: 'digest', immutable: '_sealed', snapshotId: '_sealedBy' },
};
const MISMATCH = { type: 'SOURCE_MISMATCH' };

/** The same servers, and a process that is configured for another collection. */
function withSource(deps: FakeDeps, source: FakeDeps['settings']['source']): FakeDeps {
  return Object.assign(Object.create(deps) as FakeDeps, { settings: { ...deps.settings, source } });
}

const job = { jobId: 'day', ...DAY, maxAttempts: 1 };

describe('a collection with names of its own', () => {
  test('is sealed, verified, proved and compared with the live log under these names', async () => {
    const deps = new FakeDeps(undefined, EVENTS);
    const ids = deps.logEntries(9);
    await expect(new InProcessRun(deps).run(job)).resolves.toMatchObject({ recordCount: 9, findingCount: 0 });
    const stored = await deps.store.get(manifestKey('snap-day'), 1e6);
    expect(parseManifest(stored!.body).source).toEqual(EVENTS);
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    const reader = bucketReader(deps.store);
    const { report } = await verifyEvidence(reader, { trust, found: [] });
    expect(report).toMatchObject({ verdict: 'VERIFIED' });

    const ledger = await readFakeLedger(deps);
    const proof = await proveRecord(reader, ledger, { snapshotId: 'snap-day', recordId: ids[3]! });
    expect(verifyProof(proof, trust)).toMatchObject({ verdict: 'VERIFIED', recordIndex: 3 });
    expect(parseProof(proof).members).toEqual(EVENTS.members);
    const { members: _, ...unnamed } = parseProof(proof);
    expect(verifyProof(serializeProof(unnamed), trust)).toMatchObject({
      verdict: 'NOT VERIFIED',
      failures: [expect.objectContaining({ layer: 'record', found: 'no time' })],
    });

    expect(await auditFakes(deps)).toMatchObject({ records: 9, drifts: [] });
    deps.records.remove(ids[2]!);
    expect((await auditFakes(deps)).drifts).toMatchObject([{ kind: 'deleted', recordId: ids[2] }]);
  });

  test('has default names in a proof only in one form', () => {
    const proof = { record: '', recordProof: '', entry: '', ledgerProof: '' };
    const named = serializeProof({ ...proof, members: AUDIT_LOG.members });
    expect(() => parseProof(named)).toThrow(expect.objectContaining({ code: 'EVIDENCE_MALFORMED' }) as Error);
    const twice = { ...AUDIT_LOG.members, time: 'hash' };
    expect(() => parseProof(serializeProof({ ...proof, members: twice }))).toThrow('proof');
  });
});

describe('processes that are configured for different collections', () => {
  test('do not continue a snapshot of each other', async () => {
    const deps = new FakeDeps();
    deps.logEntries(9);
    const dies = new InProcessRun(deps, { dieBefore: 'sealManifest' });
    await expect(dies.run(job)).rejects.toThrow(ProcessDied);
    const other = withSource(deps, EVENTS);
    await expect(new InProcessRun(other).run(job)).rejects.toMatchObject(MISMATCH);
    await expect(new InProcessRun(deps).run(job)).resolves.toMatchObject({ recordCount: 9 });
  });

  test('may seal records without a mark into the same ledger, and not into the same snapshot', async () => {
    const unmarked = { ...AUDIT_LOG, eligible: 'unmarked' } as const;
    const deps = new FakeDeps();
    deps.logEntries(3);
    await new InProcessRun(deps).run(job);
    const next = { ...job, jobId: 'next', ...NEXT };
    const other = withSource(deps, unmarked);
    const dies = new InProcessRun(other, { dieBefore: 'sealManifest' });
    await expect(dies.run(next)).rejects.toThrow(ProcessDied);
    await expect(new InProcessRun(deps).run(next)).rejects.toMatchObject(MISMATCH);
    await new InProcessRun(other).run(next);
    const stored = await deps.store.get(manifestKey('snap-next'), 1e6);
    expect(parseManifest(stored!.body).source).toEqual(unmarked);
  });

  test('do not seal into one ledger', async () => {
    const deps = new FakeDeps();
    deps.logEntries(3);
    await new InProcessRun(deps).run(job);
    const next = { ...job, jobId: 'next', ...NEXT };
    const renamed = { ...AUDIT_LOG, members: { ...AUDIT_LOG.members, hash: 'digest' } };
    for (const source of [EVENTS, renamed])
      await expect(new InProcessRun(withSource(deps, source)).run(next)).rejects.toMatchObject(MISMATCH);
    await expect(new InProcessRun(deps).run(next)).resolves.toMatchObject({ snapshotId: 'snap-next' });
  });
});
