import { makeTrustFile, revokeKey, type TrustFile } from '../../../src/evidence/trustFile';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { auditRecords, evidenceKey, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';

/** Both snapshots are opened at 2026-02-01T00:00:05.000Z, with key version 1. */
let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(2), []], 3);
});

const trustFrom = (...starts: readonly string[]): TrustFile =>
  makeTrustFile(
    set.trust.origin,
    starts.map((start, index) => ({
      version: index + 1,
      publicKey: evidenceKey(index + 1).publicKey,
      createdAt: new Date(start),
    })),
  );

async function verify(trust: TrustFile, snapshotIds = set.snapshotIds) {
  const { report } = await verifyEvidence(readerOf(set.objects), { trust, found: [], snapshotIds });
  return { ...report, failures: report.snapshots.flatMap(({ failures }) => failures) };
}

test('a snapshot that was opened while its key was in force is VERIFIED', async () => {
  expect((await verify(trustFrom('2026-02-01T00:00:00.000Z'))).verdict).toBe('VERIFIED');
  expect((await verify(trustFrom('2026-01-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'))).verdict).toBe(
    'VERIFIED',
  );
});

test('a snapshot of a key that was retired before it was opened is NOT VERIFIED', async () => {
  const report = await verify(trustFrom('2026-01-01T00:00:00.000Z', '2026-01-31T23:00:00.000Z'));
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures[0]).toEqual({
    layer: 'signature',
    kind: 'invalid',
    object: 'key version 1',
    expected: 'in force at 2026-02-01T00:00:05.000Z, when the snapshot was opened',
    found: 'in force from 2026-01-01T00:00:00.000Z to 2026-01-31T23:00:00.000Z',
  });
});

test('a snapshot of a key that was made after it was opened is NOT VERIFIED', async () => {
  const report = await verify(trustFrom('2026-02-01T00:20:00.000Z'));
  expect(report).toMatchObject({
    verdict: 'NOT VERIFIED',
    failures: [{ found: 'in force from 2026-02-01T00:20:00.000Z to now' }, {}],
  });
});

test('a snapshot of a revoked key counts while it is among the first entries of the ledger', async () => {
  const [one, two] = await Promise.all([
    verify(revokeKey(set.trust, 1, 2)),
    verify(revokeKey(set.trust, 1, 1)),
  ]);
  expect(one).toMatchObject({ verdict: 'VERIFIED' });
  expect(two.verdict).toBe('NOT VERIFIED');
});

test('a snapshot of a key version that the trust file does not have is INCOMPLETE, and the report says what to do', async () => {
  const { keys, ...trust } = trustFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z');
  const report = await verify({ ...trust, keys: keys.slice(1) });
  expect(report.verdict).toBe('INCOMPLETE');
  expect(report.failures[0]).toMatchObject({
    kind: 'missing',
    object: 'key version 1',
    expected: 'a key version of the trust file; export the trust file again (keys export --merge)',
  });
});
