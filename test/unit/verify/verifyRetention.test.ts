import { chunkKey } from '../../../src/evidence/objectKeys';
import type { EvidenceReader } from '../../../src/verify/evidenceReader';
import { verifyEvidence, type EvidenceReport } from '../../../src/verify/verifyEvidence';
import { auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';

type LockOf = (key: string) => { readonly mode: string; readonly until: Date } | undefined;

const UNTIL = new Date('2033-02-01T00:00:00.000Z');

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1, 7)], 3);
});

async function run(lockOf: LockOf): Promise<EvidenceReport> {
  const reader: EvidenceReader = {
    ...readerOf(set.objects),
    readLock: (key) => Promise.resolve(set.objects.has(key) ? lockOf(key) : 'no object'),
  };
  const options = { trust: set.trust, found: [], snapshotIds: ['snap-job-1'] };
  return (await verifyEvidence(reader, options)).report;
}

test('a bucket is VERIFIED when every object is locked until the retention of its manifest, in whole seconds', async () => {
  const { verdict, snapshots } = await run(() => ({ mode: 'COMPLIANCE', until: UNTIL }));
  expect(verdict).toBe('VERIFIED');
  expect(snapshots[0]!.layers).toContainEqual({ layer: 'retention', passed: 6, total: 6 });
});

test.each([
  ['no lock', undefined, 'no lock'],
  ['a weaker lock', { mode: 'GOVERNANCE', until: UNTIL }, 'GOVERNANCE until 2033-02-01T00:00:00.000Z'],
  [
    'a shorter lock',
    { mode: 'COMPLIANCE', until: new Date(UNTIL.getTime() - 1000) },
    'COMPLIANCE until 2033-01-31T23:59:59.000Z',
  ],
])('a bucket with an object that has %s is NOT VERIFIED', async (_, lock, found) => {
  const key = chunkKey('snap-job-1', 1);
  const report = await run((object) => (object === key ? lock : { mode: 'COMPLIANCE', until: UNTIL }));
  expect(report.snapshots[0]!.failures).toEqual([
    {
      layer: 'retention',
      kind: 'invalid',
      object: key,
      expected: 'COMPLIANCE until 2033-02-01T00:00:00.000Z',
      found,
    },
  ]);
});
