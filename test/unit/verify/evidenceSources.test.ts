import type { EvidenceReader } from '../../../src/verify/evidenceReader';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { chunkKey, manifestTimestampKey } from '../../../src/evidence/objectKeys';
import { formatBundle } from '../../../src/tlog/tiles';
import { verifyEvidence, type EvidenceReport } from '../../../src/verify/verifyEvidence';
import type { Checked } from '../../../src/verify/report';
import { auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

type Lock = { readonly mode: string; readonly until: Date } | undefined;
type LockOf = (key: string) => Lock;

const UNTIL = new Date('2033-02-01T00:00:00.000Z');

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1)], 3);
});

async function verify(change: (objects: Map<string, Buffer>) => void): Promise<EvidenceReport> {
  const objects = new Map(set.objects);
  change(objects);
  const listed = [...objects.keys()];
  const options = { trust: set.trust, found: set.snapshotIds, listed };
  return (await verifyEvidence(readerOf(objects), options)).report;
}

async function listingOf(objects: ReadonlyMap<string, Buffer>): Promise<Checked> {
  const options = { trust: set.trust, found: [], listed: [...objects.keys()] };
  return (await verifyEvidence(readerOf(objects), options)).report.listing!;
}

function lockedReader(lockOf: LockOf): EvidenceReader {
  return {
    ...readerOf(set.objects),
    readLock: (key) => Promise.resolve(set.objects.has(key) ? lockOf(key) : 'no object'),
  };
}

describe('a directory', () => {
  test.each([
    'snapshots/snap-job-1/extra',
    'snapshots/snap-job-1/chunks/000003.bson.gz',
    'snapshots/snap-job-1/chunks/000000.bson.gz.bak',
    'ledger/extra',
    'ledger/tile/0/000.p/4',
    'ledger/tile/entries/001.p/1',
    'ledger/tile/0/000',
    'ledger/tile/9/000.p/1',
    'snapshots/stray',
  ])('with %s, which nothing names, is NOT VERIFIED', async (key) => {
    const report = await verify((objects) => objects.set(key, Buffer.from('x')));
    expect(report.listing).toMatchObject({
      verdict: 'NOT VERIFIED',
      failures: [{ layer: 'listing', object: key }],
    });
    expect(report.verdict).toBe('NOT VERIFIED');
  });

  test('may keep older partial tiles, if they are what they were', async () => {
    const entries = Array.from({ length: 600 }, (_, index) => ledgerEntry(index));
    const whole = { entries, objects: ledgerObjects(entries) };
    const older = [
      ...ledgerObjects(whole.entries.slice(0, 300)),
      ...ledgerObjects(whole.entries.slice(0, 2)),
      ...ledgerObjects(whole.entries.slice(0, 256)),
    ].filter(([key]) => key !== LEDGER_CHECKPOINT_KEY);
    const objects = new Map([...older, ...whole.objects]);
    await expect(listingOf(objects)).resolves.toMatchObject({ verdict: 'VERIFIED', failures: [] });
    for (const key of [
      'ledger/tile/entries/000.p/2',
      'ledger/tile/0/000.p/2',
      'ledger/tile/1/000.p/1',
      'ledger/tile/0/001.p/44',
    ]) {
      expect(objects.has(key)).toBe(true);
      const body = Buffer.from(objects.get(key)!);
      body[7]! ^= 1;
      await expect(listingOf(new Map(objects).set(key, body))).resolves.toMatchObject({
        failures: [{ object: key }],
      });
      const longer = Buffer.concat([objects.get(key)!, Buffer.alloc(32)]);
      await expect(listingOf(new Map(objects).set(key, longer))).resolves.toMatchObject({
        failures: [{ object: key }],
      });
    }
  });

  test('with an older tile of another history is NOT VERIFIED', async () => {
    const report = await verify((objects) =>
      objects.set(ledgerTileKey('entries', 0, 1), formatBundle([ledgerEntry(5)])),
    );
    expect(report.listing!.failures[0]!.object).toBe(ledgerTileKey('entries', 0, 1));
  });
});

async function run(lockOf: LockOf): Promise<EvidenceReport> {
  const options = { trust: set.trust, found: [], snapshotIds: ['snap-job-1'] };
  return (await verifyEvidence(lockedReader(lockOf), options)).report;
}

describe('a bucket', () => {
  test('locks every object until the retention of its manifest, in whole seconds', async () => {
    const { verdict, snapshots } = await run(() => ({ mode: 'COMPLIANCE', until: UNTIL }));
    expect(verdict).toBe('VERIFIED');
    expect(snapshots[0]!.layers).toContainEqual({ layer: 'retention', passed: 6, total: 6 });
  });

  test.each([
    ['none', undefined, 'no lock'],
    ['a weaker one', { mode: 'GOVERNANCE', until: UNTIL }, 'GOVERNANCE until 2033-02-01T00:00:00.000Z'],
    [
      'a shorter one',
      { mode: 'COMPLIANCE', until: new Date(UNTIL.getTime() - 1000) },
      'COMPLIANCE until 2033-01-31T23:59:59.000Z',
    ],
  ])('with an object whose lock is %s is NOT VERIFIED', async (_, lock, found) => {
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

  test('with a timestamp that is none is NOT VERIFIED', async () => {
    const objects = new Map(set.objects).set(manifestTimestampKey('snap-job-1'), Buffer.from('none'));
    const { report } = await verifyEvidence(readerOf(objects), {
      trust: set.trust,
      found: set.snapshotIds,
      listed: [...objects.keys()],
    });
    expect(report.snapshots[0]!.failures).toEqual([
      {
        layer: 'timestamp',
        kind: 'invalid',
        object: manifestTimestampKey('snap-job-1'),
        expected: 'granted',
        found: 'malformed',
      },
    ]);
    expect(report.listing!.failures).toEqual([]);
  });
});
