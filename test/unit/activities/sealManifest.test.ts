import { BSON } from 'bson';
import { snapshotIdOf } from '../../../src/contract/names';
import { MAX_LISTED_FINDINGS, MAX_MANIFEST_BYTES } from '../../../src/evidence/limits';
import { parseManifest, type Manifest } from '../../../src/evidence/manifest';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { encodeManifest } from '../../../src/sealing/buildManifest';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { auditRecords, hashedRecord, makeEvidence } from '../../harness/evidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const INPUT = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const SNAPSHOT = snapshotIdOf(INPUT.jobId);
const TIME = new Date('2026-03-01T12:00:00.000Z');

const code = (type: string) => expect.objectContaining({ type }) as Error;
const settings = (deps: FakeDeps, members: object) =>
  Object.assign(deps, { settings: { ...deps.settings, ...members } });

async function manifestOf({ store }: FakeDeps): Promise<Manifest> {
  return parseManifest((await store.get(manifestKey(SNAPSHOT), MAX_MANIFEST_BYTES))!.body);
}

async function verdictOf(deps: FakeDeps): Promise<string> {
  const read = async (key: string, version: string | undefined) =>
    (await deps.store.get(key, 1e9, version))?.body;
  const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
  return (await verifyEvidence({ read }, { trust, found: [SNAPSHOT] })).report.verdict;
}

test('records with ids of a megabyte are sealed and verified, and their ids are listed as digests', async () => {
  const deps = new FakeDeps();
  for (const letter of ['a', 'b']) {
    const document = { _id: letter.repeat(1_200_000), timestamp: TIME, immutable: false };
    deps.records.addRaw(BSON.serialize(document));
  }
  await new InProcessRun(deps).run(INPUT);
  const { chunks, findings } = await manifestOf(deps);
  const ids = [chunks[0]!.first.id, chunks[0]!.last.id];
  expect(ids).toEqual([expect.stringMatching(/^sha256:/), expect.stringMatching(/^sha256:/)]);
  expect(findings.records.map(({ id }) => id)).toEqual(ids);
  expect(await verdictOf(deps)).toBe('VERIFIED');
});

test('the rows of a snapshot list no more findings than its manifest', async () => {
  const deps = settings(new FakeDeps(), { chunkLimits: { maxRecords: 4_000, maxBytes: 33_554_432 } });
  for (let index = 0; index < MAX_LISTED_FINDINGS + 2_000; index++)
    deps.records.addRaw(BSON.serialize({ _id: index, timestamp: TIME, immutable: false }));
  await new InProcessRun(deps).run(INPUT);
  const rows = await deps.snapshots.listChunks(SNAPSHOT, 3);
  expect(rows.map(({ findings }) => findings.length)).toEqual([4_000, 4_000, 2_000]);
  expect(rows.map(({ findingCounts }) => findingCounts['hash-missing'])).toEqual([4_000, 4_000, 4_000]);
  expect((await manifestOf(deps)).findings.counts['hash-missing']).toBe(12_000);
  expect(await verdictOf(deps)).toBe('VERIFIED');
});

test('the signing server gets messages of a few hundred bytes, whatever the size of the manifest', async () => {
  const deps = settings(new FakeDeps(), { software: 'x'.repeat(4_000) });
  const sizes: number[] = [];
  const sign = deps.signer.sign.bind(deps.signer);
  deps.signer.sign = (message, version) => {
    sizes.push(message.length);
    return sign(message, version);
  };
  deps.logEntries(6);
  await new InProcessRun(deps).run(INPUT);
  // the trial before signing, the statement, and the checkpoints of snapshot and ledger
  expect(sizes).toHaveLength(4);
  expect(Math.max(...sizes)).toBeLessThan(300);
});

test('a manifest that no verifier would accept is not signed, and its window is free', async () => {
  const deps = settings(new FakeDeps(), { software: 'x'.repeat(5_000) });
  deps.logEntries(6);
  await expect(new InProcessRun(deps).run(INPUT)).rejects.toThrow(code('SNAPSHOT_CONFLICT'));
  expect(deps.store.keys().filter((key) => !key.includes('/chunks/'))).toEqual([]);
  await new InProcessRun(settings(deps, { software: 'x' })).run({ ...INPUT, jobId: 'job-2' });
});

test('a manifest that is larger than verifiers read is SNAPSHOT_TOO_LARGE', async () => {
  const { manifest } = await makeEvidence({ records: auditRecords(2), chunkRecords: 2 });
  const larger = { ...manifest, software: 'x'.repeat(MAX_MANIFEST_BYTES) };
  const refusal = expect.objectContaining({ code: 'SNAPSHOT_TOO_LARGE' }) as Error;
  expect(() => encodeManifest(larger)).toThrow(refusal);
  expect(() => encodeManifest(manifest)).not.toThrow();
});

test('whether a manifest has a timestamp is decided when its snapshot is opened', async () => {
  const deps = new FakeDeps();
  deps.records.addRaw(hashedRecord({ _id: 1, timestamp: TIME }, { immutable: false }));
  deps.timestamper = { timestamp: () => Promise.reject(new Error('not asked')) };
  await expect(new InProcessRun(deps, { dieBefore: 'signManifest' }).run(INPUT)).rejects.toThrow('died');
  expect((await manifestOf(deps)).timestamp).toBe('rfc3161');
  deps.timestamper = undefined;
  await expect(new InProcessRun(deps).run(INPUT)).rejects.toThrow(code('TIMESTAMP_FAILED'));

  const without = new FakeDeps();
  await new InProcessRun(without).run(INPUT);
  expect((await manifestOf(without)).timestamp).toBe('none');
});
