import { BSON, Long, ObjectId } from 'bson';
import * as fc from 'fast-check';
import type { Manifest } from '../../../src/evidence/manifest';
import { chunkKey } from '../../../src/evidence/objectKeys';
import { readRecord } from '../../../src/evidence/recordBytes';
import { IdSet } from '../../../src/verify/idSet';
import { scanChunk, type ChunkScanner } from '../../../src/verify/scanChunk';
import { verifySnapshot } from '../../../src/verify/verifySnapshot';
import {
  auditRecord,
  evidenceKey,
  makeEvidence,
  readerOf,
  signEvidence,
  type Evidence,
} from '../../harness/evidence';
import { flipBit } from '../../harness/flipBit';
import { recordByRecord } from '../../harness/recordByRecord';

/** Counts the chunks of which no record had to be read alone. */
class CountingScanner implements ChunkScanner {
  readonly width = 1;
  readonly minRecords = 0;
  scanned = 0;
  readonly scan: ChunkScanner['scan'] = async (task) => {
    const result = await scanChunk(task);
    if (result.records) this.scanned++;
    return result;
  };
}

const SNAPSHOT = 'snap-job-1';
const CHUNK_RECORDS = 4;
const SECOND_MS = 1_000;
const TIME = Date.parse('2026-01-31T00:00:00.000Z');

function reportOn(
  { objects, trust }: Evidence,
  scanner: ChunkScanner,
  elsewhere: readonly string[] = [],
): ReturnType<typeof verifySnapshot> {
  const ids = new IdSet();
  for (const id of elsewhere) ids.add(id);
  const others = [{ snapshotId: 'snap-job-0', ids }];
  return verifySnapshot(readerOf(objects), {
    snapshotId: SNAPSHOT,
    trust,
    others,
    scanner,
    maxFailures: 100,
  });
}

/** What may be wrong with a record; most are as they must be. */
const RECORDS: Readonly<Record<string, (index: number) => Buffer>> = {
  right: (index) => auditRecord(index),
  'with a hash of another record': (index) => auditRecord(index, { hash: 'f'.repeat(64) }),
  'without a hash': (index) => auditRecord(index, { hash: 5 }),
  'with a mark': (index) => auditRecord(index, { immutable: true }),
  'without an id': (index) => Buffer.from(BSON.serialize({ timestamp: new Date(TIME + index * SECOND_MS) })),
  'with a number as id': (index) => auditRecord(index, { _id: Long.fromNumber(index * 255) }),
  'with an id of another record': (index) => auditRecord(index, { _id: new ObjectId('0'.repeat(23) + '1') }),
  'of another instant': (index) => auditRecord(index, { timestamp: new Date(TIME + 3 * SECOND_MS) }),
  'of another day': (index) => auditRecord(index, { timestamp: new Date(TIME + 86_400 * SECOND_MS) }),
  'without a time': (index) => auditRecord(index, { timestamp: 'x' }),
};

const kind = fc.oneof(
  { weight: 12, arbitrary: fc.constant('right') },
  { weight: 3, arbitrary: fc.constantFrom('with a hash of another record', 'without a hash') },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(RECORDS)) },
);

test('the report on a snapshot is the same when its chunks are scanned as when each record is read alone', async () => {
  let [scanned, verdicts] = [0, new Set<string>()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(kind, { minLength: 1, maxLength: 14 }),
      fc.option(fc.nat(13), { nil: undefined }),
      fc.option(fc.nat(), { nil: undefined, freq: 4 }),
      async (kinds, elsewhere, flipped) => {
        const records = kinds.map((name, index) => RECORDS[name]!(index));
        const evidence = await makeEvidence({ records, chunkRecords: CHUNK_RECORDS });
        const objects = new Map(evidence.objects);
        const key = chunkKey(SNAPSHOT, 0);
        const body = objects.get(key)!;
        if (flipped !== undefined) objects.set(key, flipBit(body, flipped % (body.length * 8)));
        const ids = elsewhere === undefined || !records[elsewhere] ? [] : [readRecord(records[elsewhere]).id];
        const scanner = new CountingScanner();
        const report = await reportOn({ ...evidence, objects }, scanner, ids);
        expect(await reportOn({ ...evidence, objects }, recordByRecord(), ids)).toEqual(report);
        scanned += scanner.scanned;
        verdicts.add(report.verdict);
      },
    ),
    { numRuns: 300 },
  );
  expect(scanned).toBeGreaterThan(100);
  expect([...verdicts].toSorted()).toEqual(['NOT VERIFIED', 'VERIFIED']);
});

test('every chunk of ordinary records is scanned, findings that the manifest lists included', async () => {
  const records = Array.from({ length: 10 }, (_, index) =>
    auditRecord(index, index === 5 ? { hash: 'x' } : {}),
  );
  const scanner = new CountingScanner();
  const report = await reportOn(await makeEvidence({ records, chunkRecords: CHUNK_RECORDS }), scanner);
  expect([report.verdict, scanner.scanned]).toEqual(['VERIFIED', 3]);
});

/** Evidence whose manifest is signed with other findings than its records have. */
function withFindings({ manifest, objects, trust }: Evidence, findings: Manifest['findings']): Evidence {
  const changed = { ...manifest, findings };
  return {
    manifest: changed,
    objects: new Map([...objects, ...signEvidence(changed, evidenceKey(1))]),
    trust,
  };
}

test('a chunk that begins before the end of the chunk before it is named, although its own records are in order', async () => {
  const records = Array.from({ length: 7 }, (_, index) => auditRecord(index));
  records[4] = auditRecord(0, { _id: new ObjectId(), timestamp: new Date(TIME + 3 * SECOND_MS), hash: 5 });
  records[3] = auditRecord(3, { _id: new ObjectId('f'.repeat(24)) });
  const evidence = await makeEvidence({ records, chunkRecords: CHUNK_RECORDS });
  const scanner = new CountingScanner();
  const report = await reportOn(evidence, scanner);
  expect([report.verdict, report.failureCount, scanner.scanned]).toEqual(['NOT VERIFIED', 1, 2]);
  expect(await reportOn(evidence, recordByRecord())).toEqual(report);
});

test('findings that the manifest lists otherwise are named, record by record', async () => {
  const records = Array.from({ length: 9 }, (_, index) =>
    auditRecord(index, index === 2 ? { hash: 'x' } : {}),
  );
  const evidence = await makeEvidence({ records, chunkRecords: CHUNK_RECORDS });
  const { records: listed } = evidence.manifest.findings;
  const counts = { 'hash-mismatch': 1, 'hash-missing': 0, 'hash-repeated': 0 };
  const other = { 'hash-mismatch': 0, 'hash-missing': 1, 'hash-repeated': 0 };
  const lies: Manifest['findings'][] = [
    { counts: { ...counts, 'hash-mismatch': 0 }, records: [] },
    { counts: other, records: listed.map((finding) => ({ ...finding, kind: 'hash-missing' })) },
    { counts, records: listed.map((finding) => ({ ...finding, index: 5 })) },
    {
      counts: { ...counts, 'hash-missing': 1 },
      records: [...listed, { ...listed[0]!, kind: 'hash-missing', index: 6 }],
    },
  ];
  for (const findings of lies) {
    const lie = withFindings(evidence, findings);
    const report = await reportOn(lie, new CountingScanner());
    expect(report.failures.some(({ object }) => object.startsWith('record '))).toBe(true);
    expect(await reportOn(lie, recordByRecord())).toEqual(report);
  }
});

test('more findings than a manifest lists are compared by their counts', async () => {
  const records = Array.from({ length: 10_003 }, (_, index) => auditRecord(index, { hash: 'x' }));
  const evidence = await makeEvidence({ records, chunkRecords: 5_000 });
  const { counts, records: all } = evidence.manifest.findings;
  const scanner = new CountingScanner();
  const report = await reportOn(withFindings(evidence, { counts, records: all.slice(0, 10_000) }), scanner);
  expect([report.verdict, report.findingCount, scanner.scanned]).toEqual(['VERIFIED', 10_003, 3]);
});
