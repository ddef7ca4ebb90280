import { mongo } from 'mongoose';
import { parseEntry } from '../../../src/evidence/ledgerEntry';
import { noneLeftOut } from '../../../src/evidence/leftOut';
import { parseManifest, serializeManifest } from '../../../src/evidence/manifest';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { bucketReader } from '../../../src/verify/evidenceReaders';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { runCheckProgram } from '../../harness/checkProgram';
import { auditFakes } from '../../harness/driftAudit';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';
import { ProcessDied } from '../../harness/workflowRun';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const job = { jobId: 'day', ...DAY, maxAttempts: 1 };
const noon = new Date('2026-03-01T12:00:00.000Z');

/** A log with three kinds of records that cannot be sealed, and two that can. */
function setUp(): FakeDeps {
  const deps = new FakeDeps();
  deps.logEntries(2);
  const add = (members: object) => deps.records.add({ _id: new mongo.ObjectId(), ...members });
  add({ immutable: false, timestamp: noon.toISOString() });
  add({ timestamp: noon });
  add({ immutable: true, snapshotId: 'snap-theirs', timestamp: noon });
  return deps;
}

const expected = { ...noneLeftOut(), 'time-text': 1, 'immutable-missing': 1, 'mark-foreign': 1 };

async function manifestOf(deps: FakeDeps) {
  return parseManifest((await deps.store.get(manifestKey('snap-day'), 1e6))!.body);
}

test('a snapshot says what it left out: in result, manifest, ledger entry, verification, and the check without our code', async () => {
  const deps = setUp();
  const result = await new InProcessRun(deps).run(job);
  expect(result).toMatchObject({ recordCount: 2, leftOut: expected });
  expect((await manifestOf(deps)).leftOut).toEqual(expected);
  expect(parseEntry(deps.ledger.leaves[0]!.entry).leftOut).toBe(3);

  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  const { report } = await verifyEvidence(bucketReader(deps.store), { trust, found: [] });
  expect(report.verdict).toBe('VERIFIED');
  const said = '3 records (1 immutable-missing, 1 mark-foreign, 1 time-text)';
  expect(report.notes).toContain(`snap-day: when it was sealed, it left out ${said}`);

  const objects = new Map<string, Buffer>();
  for (const key of deps.store.keys()) objects.set(key, (await deps.store.get(key, 2 ** 24))!.body);
  expect(runCheckProgram([{ objects, trust }])[0]).toMatch(/^VERIFIED/);

  const { notes } = await auditFakes(deps);
  expect(notes.join()).toMatch(/sealing leaves out 2 records \(1 immutable-missing, 1 time-text\)/);
});

test('the counts are those of the first attempt, whatever changes before the next', async () => {
  const deps = setUp();
  await expect(new InProcessRun(deps, { dieBefore: 'signManifest' }).run(job)).rejects.toThrow(ProcessDied);
  deps.records.add({ _id: new mongo.ObjectId(), immutable: 'no', timestamp: noon });
  expect(await new InProcessRun(deps).run(job)).toMatchObject({ leftOut: expected });
});

test('a snapshot whose chunk list an earlier version fixed is finished without counts', async () => {
  const deps = setUp();
  await expect(new InProcessRun(deps, { dieBefore: 'sealManifest' }).run(job)).rejects.toThrow(ProcessDied);
  await deps.snapshots.fixChunkCount('snap-day', 1);
  const result = await new InProcessRun(deps).run(job);
  expect(result).not.toHaveProperty('leftOut');
  expect(await manifestOf(deps)).not.toHaveProperty('leftOut');
});

test('marks of earlier snapshots of the ledger are not foreign', async () => {
  const deps = new FakeDeps();
  deps.logEntries(3);
  await new InProcessRun(deps).run(job);
  deps.logEntries(2, noon.toISOString());
  const result = await new InProcessRun(deps).run({ ...job, jobId: 'late' });
  expect(result).toMatchObject({ recordCount: 2, leftOut: noneLeftOut() });
  expect(parseEntry(deps.ledger.leaves[1]!.entry)).not.toHaveProperty('leftOut');
});

test.each([
  ['an unknown kind', { 'time-odd': 0 }],
  ['a count above the limit', { 'time-text': 10_001 }],
  ['a negative count', { 'time-text': -1 }],
])('a manifest with %s of records that were left out is malformed', async (_what, change) => {
  const deps = setUp();
  await new InProcessRun(deps).run(job);
  const manifest = await manifestOf(deps);
  const leftOut = { ...manifest.leftOut!, ...change };
  expect(() => serializeManifest({ ...manifest, leftOut })).toThrow('leftOut');
});
