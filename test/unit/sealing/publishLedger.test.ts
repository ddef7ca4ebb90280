import { leafHash } from '../../../src/tlog/merkle';
import { LEDGER_CHECKPOINT_KEY } from '../../../src/evidence/objectKeys';
import { formatTlogProof } from '../../../src/tlog/proof';
import { proveRecord } from '../../../src/verify/proveRecord';
import { verifyLedger } from '../../../src/verify/verifyLedger';
import { verifyProof } from '../../../src/verify/verifyProof';
import { parseProof, serializeProof } from '../../../src/evidence/recordProof';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

/** Seals hours one after the other, six records in each. */
async function sealHours(deps: FakeDeps, hours: readonly number[]) {
  for (const hour of hours) {
    deps.logEntries(6, windowOf(hour).from);
    await new InProcessRun(deps).run({ jobId: `job-${hour}`, ...windowOf(hour) });
  }
}

const reader = (deps: FakeDeps) => ({
  read: async (key: string, version: string | undefined) => (await deps.store.get(key, 1e9, version))?.body,
});
const trustOf = async (deps: FakeDeps) => makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
const reportOf = async (...args: Parameters<typeof verifyEvidence>) => (await verifyEvidence(...args)).report;
const verify = async (deps: FakeDeps) =>
  reportOf(reader(deps), { trust: await trustOf(deps), found: [...deps.snapshots.snapshots.keys()] });

describe('the ledger of snapshots', () => {
  test('every snapshot gets one index, and the ledger is VERIFIED', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0, 1, 2]);
    const report = await verify(deps);
    expect(report).toMatchObject({ verdict: 'VERIFIED', ledger: { size: 3 } });
    expect(report.snapshots.map(({ snapshotId }) => snapshotId)).toEqual([
      'snap-job-0',
      'snap-job-1',
      'snap-job-2',
    ]);
    expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(3);
    expect(deps.jobs.jobs.get('job-2')).toMatchObject({ result: { ledgerIndex: 2 } });
  });

  test('an empty window gets an index as well', async () => {
    const deps = new FakeDeps();
    await new InProcessRun(deps).run({ jobId: 'job-0', ...windowOf(0) });
    await expect(verify(deps)).resolves.toMatchObject({ verdict: 'VERIFIED', ledger: { size: 1 } });
  });

  test('twenty snapshots that are sealed at the same time are appended one after the other', async () => {
    const deps = new FakeDeps();
    const hours = Array.from({ length: 20 }, (_, hour) => hour);
    for (const hour of hours) deps.logEntries(2, windowOf(hour).from);
    await Promise.all(
      hours.map((hour) => new InProcessRun(deps).run({ jobId: `job-${hour}`, ...windowOf(hour) })),
    );
    await expect(verify(deps)).resolves.toMatchObject({ verdict: 'VERIFIED', ledger: { size: 20 } });
    for (const key of deps.store.keys().filter((name) => name.startsWith('ledger/tile/')))
      expect(deps.store.versions(key)).toHaveLength(1);
  });

  test('a key rotation changes the version that signs and nothing else', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0, 1]);
    deps.signer.rotate();
    await sealHours(deps, [2]);
    await expect(verify(deps)).resolves.toMatchObject({ verdict: 'VERIFIED', ledger: { size: 3 } });
  });

  test('a database that was restored to an older state signs nothing', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0, 1, 2]);
    const published = deps.store.versions(LEDGER_CHECKPOINT_KEY).length;
    deps.ledger.leaves = deps.ledger.leaves.slice(0, 1);
    await expect(sealHours(deps, [3])).rejects.toMatchObject({ type: 'LEDGER_BEHIND' });
    expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(published);
    expect(deps.jobs.jobs.get('job-3')).toMatchObject({ status: 'failed', error: { code: 'LEDGER_BEHIND' } });
  });

  test('a database with another history signs nothing', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0, 1]);
    const published = deps.store.versions(LEDGER_CHECKPOINT_KEY).length;
    deps.ledger.leaves = deps.ledger.leaves.toReversed();
    await expect(sealHours(deps, [2])).rejects.toMatchObject({ type: 'LEDGER_FORKED' });
    expect(deps.store.versions(LEDGER_CHECKPOINT_KEY)).toHaveLength(published);
  });

  test.each([
    [
      'another origin',
      'ORIGIN_MISMATCH',
      (note: string) => note.replaceAll('test.example/audit', 'test.example/other'),
      'one bucket holds one ledger',
    ],
    ['something that is not a note', 'LEDGER_FORKED', () => 'nonsense', 'is not a checkpoint'],
    [
      'another root',
      'LEDGER_FORKED',
      (note: string) => note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`),
      'no key that the signer lists',
    ],
  ])('a bucket whose checkpoint has %s is left alone: %s', async (_, type, change, words) => {
    const deps = new FakeDeps();
    await sealHours(deps, [0]);
    const note = deps.store.versions(LEDGER_CHECKPOINT_KEY)[0]!.body.toString();
    deps.store.alter(LEDGER_CHECKPOINT_KEY, Buffer.from(change(note)));
    await expect(sealHours(deps, [1])).rejects.toMatchObject({
      type,
      message: expect.stringContaining(words),
    });
  });

  test('a snapshot that is missing, or that the ledger does not list, is INCOMPLETE', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0, 1]);
    const dropped = {
      read: (key: string, version: string | undefined) =>
        key.startsWith('snapshots/snap-job-1/')
          ? Promise.resolve(undefined)
          : reader(deps).read(key, version),
    };
    const trust = await trustOf(deps);
    const report = await reportOf(dropped, { trust, found: ['snap-job-0'] });
    expect(report).toMatchObject({
      verdict: 'INCOMPLETE',
      snapshots: [{ verdict: 'VERIFIED' }, { snapshotId: 'snap-job-1', verdict: 'INCOMPLETE' }],
    });
    const stranger = await reportOf(reader(deps), { trust, found: ['snap-job-0', 'snap-job-9'] });
    expect(stranger.snapshots.map(({ snapshotId }) => snapshotId)).toContain('snap-job-9');
    expect(stranger.verdict).toBe('INCOMPLETE');
  });

  test('requested log time that is not sealed is INCOMPLETE', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0, 2]);
    const trust = await trustOf(deps);
    const within = { from: windowOf(0).from, to: windowOf(2).to };
    const report = await reportOf(reader(deps), { trust, found: [], within });
    expect(report).toMatchObject({
      verdict: 'INCOMPLETE',
      coverage: { failures: [{ object: `${windowOf(1).from} → ${windowOf(1).to}` }] },
    });
    const covered = await reportOf(reader(deps), { trust, found: [], within: windowOf(2) });
    expect(covered).toMatchObject({ verdict: 'VERIFIED', snapshots: [{ snapshotId: 'snap-job-2' }] });
  });

  test('a pinned public key is accepted for the versions that name it, and for no other', async () => {
    const deps = new FakeDeps();
    await sealHours(deps, [0]);
    const [key] = await deps.signer.listKeys();
    const found = ['snap-job-0'];
    await expect(
      reportOf(reader(deps), { trust: { publicKey: key!.publicKey }, found }),
    ).resolves.toMatchObject({ verdict: 'VERIFIED', key: 'pinned' });
    await expect(
      reportOf(reader(deps), { trust: { publicKey: Buffer.alloc(32, 7) }, found }),
    ).resolves.toMatchObject({ verdict: 'INCOMPLETE' });
    await expect(reportOf(reader(deps), { trust: undefined, found })).resolves.toMatchObject({
      verdict: 'INCOMPLETE',
      key: 'self-asserted',
    });
  });
});

/** Eleven records in the first of three snapshots. */
async function setUp() {
  const deps = new FakeDeps();
  const ids = deps.logEntries(11, windowOf(0).from);
  await new InProcessRun(deps).run({ jobId: 'job-0', ...windowOf(0) });
  await sealHours(deps, [1, 2]);
  const trust = await trustOf(deps);
  const { ledger } = await verifyLedger(reader(deps), { trust, key: 'pinned' });
  const prove = (recordId: string, snapshotId = 'snap-job-0') =>
    proveRecord(reader(deps), ledger!, { snapshotId, recordId });
  return { deps, ids, trust, prove };
}

describe('the proof of one record', () => {
  test('verifies from the file and the pinned keys alone, for every record', async () => {
    const { ids, trust, prove } = await setUp();
    for (const [recordIndex, recordId] of ids.entries())
      expect(verifyProof(await prove(recordId), trust)).toMatchObject({
        verdict: 'VERIFIED',
        recordId,
        recordIndex,
        ledgerIndex: 0,
        snapshotId: 'snap-job-0',
      });
  });

  test('with any of its parts from another proof, or with one bit flipped, does not verify', async () => {
    const { ids, trust, prove } = await setUp();
    const [proof, other] = [await prove(ids[3]!), await prove(ids[4]!)];
    const [left, right] = [parseProof(proof), parseProof(other)];
    for (const member of ['record', 'recordProof'] as const)
      expect(verifyProof(serializeProof({ ...left, [member]: right[member] }), trust).verdict).toBe(
        'NOT VERIFIED',
      );
    const unknown: number[] = [];
    for (let at = 0; at < proof.length; at++) {
      const flipped = Buffer.from(proof);
      flipped[at]! ^= 1 << (at & 7);
      const { verdict } = verifyProof(flipped, trust);
      if (verdict === 'INCOMPLETE') unknown.push(at);
      else if (verdict !== 'NOT VERIFIED') throw new Error(`byte ${at}: ${verdict}`);
    }
    // One character of each signature line is in the key id and in the signature: another one may be that of an unknown key.
    expect(unknown.length).toBeLessThanOrEqual(2);
    for (let length = 0; length < proof.length; length += 7)
      expect(verifyProof(proof.subarray(0, length), trust).verdict).toBe('NOT VERIFIED');
  });

  test('by a key that is not in the trust file is INCOMPLETE, and of another origin NOT VERIFIED', async () => {
    const { deps, ids, prove } = await setUp();
    const proof = await prove(ids[0]!);
    const other = new FakeDeps();
    expect(
      verifyProof(proof, makeTrustFile(deps.settings.origin, await other.signer.listKeys())).verdict,
    ).toBe('INCOMPLETE');
    expect(
      verifyProof(proof, makeTrustFile('test.example/other', await deps.signer.listKeys())).verdict,
    ).toBe('NOT VERIFIED');
  });

  test('with lines or lengths beyond the format is refused', async () => {
    const { ids, trust, prove } = await setUp();
    const left = parseProof(await prove(ids[0]!));
    const index = left.recordProof.indexOf('index');
    const extra = `${left.recordProof.slice(0, index)}extra QUJD\n${left.recordProof.slice(index)}`;
    expect(verifyProof(serializeProof({ ...left, recordProof: extra }), trust).verdict).toBe('NOT VERIFIED');
    const long = formatTlogProof({
      index: 0,
      path: Array.from({ length: 54 }, () => leafHash(Buffer.of(0))),
      checkpoint: Buffer.from('x'),
    });
    expect(verifyProof(serializeProof({ ...left, recordProof: long }), trust).failures[0]!.found).toContain(
      'more hashes than any tree has levels',
    );
  });

  test('is refused for a record that is not in the snapshot, and for a snapshot that is not in the ledger', async () => {
    const { prove, ids } = await setUp();
    await expect(prove('0'.repeat(24))).rejects.toMatchObject({ code: 'EVIDENCE_INCOMPLETE' });
    await expect(prove(ids[0]!, 'snap-job-9')).rejects.toMatchObject({ code: 'EVIDENCE_INCOMPLETE' });
  });
});
