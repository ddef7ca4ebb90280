import * as fc from 'fast-check';
import { findingOf, findingOfScanned, type HashScheme } from '../../../src/evidence/recordFinding';
import { cutRecord, readRecord, recordHash } from '../../../src/evidence/recordBytes';
import { AUDIT_LOG, type RecordMembers } from '../../../src/evidence/recordMembers';
import { RecordScanner } from '../../../src/evidence/recordScanner';
import { leafHash } from '../../../src/tlog/merkle';
import { sha256Hex } from '../../../src/tlog/sha256';
import { auditRecord } from '../../harness/evidence';
import { ODD_RECORDS } from '../../harness/oddRecords';
import { makeRecordHashVectors } from '../../harness/recordHashVectors';
import { slowRecord } from '../../harness/recordReference';

/** A million cases take some minutes: `RECORD_CASES=1000000 npx jest test/unit/evidence/recordScanner`. */
const CASES = Number(process.env['RECORD_CASES'] ?? 5_000);

const OTHER_NAMES: RecordMembers = { time: 'at', hash: 'sum', immutable: 'actor', snapshotId: 'note' };
const SAMPLES = [
  auditRecord(1),
  auditRecord(2, { immutable: true, snapshotId: 'snap-1', hash: 'x' }),
  ...ODD_RECORDS.map(({ bytes }) => bytes),
  ...makeRecordHashVectors().map(({ bsonHex }) => Buffer.from(bsonHex, 'hex')),
].filter(({ length }) => length < 2_000);

/** What reading gives, or the message of the refusal. */
function outcomeOf(read: () => object): object | string {
  try {
    // Buffers by their digest: some have 16 MiB.
    const entries = Object.entries(read()).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? sha256Hex(value) : (value as unknown),
    ]);
    return Object.fromEntries(entries) as object;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EVIDENCE_MALFORMED') throw error;
    return (error as Error).message;
  }
}

/** Everything that is read of a document of its own. */
function readAlone(document: Buffer, members: RecordMembers, scheme: HashScheme): object {
  const view = readRecord(document, members);
  const ownHash = recordHash(cutRecord(document, members), members);
  return {
    ...view,
    leaf: leafHash(view.bytes).toString('hex'),
    ownHash,
    finding: findingOf(view, scheme, members),
  };
}

function leafOf(record: RecordScanner): string {
  const leaf = Buffer.alloc(40);
  record.writeLeafHash(leaf, 8);
  return leaf.toString('hex', 8);
}

/** The same of a document among others, `before` bytes from the start of a buffer. */
function readInPlace(document: Buffer, before: Buffer, members: RecordMembers, scheme: HashScheme): object {
  const bytes = Buffer.concat([before, document, Buffer.from('next document')]);
  const record = new RecordScanner(members);
  // What is left of another record must not show.
  record.scan(SAMPLES[1]!, 0, SAMPLES[1]!.length);
  record.scan(bytes, before.length, before.length + document.length);
  const { timeMs, timeMembers, hashStart, hashEnd, hashMembers } = record;
  return {
    bytes: record.recordBytes(),
    id: record.idText(),
    timeMs: Number.isNaN(timeMs) ? undefined : timeMs,
    timeMembers,
    timestamps: record.dates(),
    hashText: hashStart < 0 ? undefined : bytes.subarray(hashStart, hashEnd),
    hashMembers,
    leaf: leafOf(record),
    ownHash: record.recordHash(),
    finding: findingOfScanned(record, scheme),
  };
}

function expectAgreement(document: Buffer, before: Buffer, members: RecordMembers, scheme: HashScheme): void {
  const expected = outcomeOf(() => slowRecord(document, members, scheme));
  expect(outcomeOf(() => readAlone(document, members, scheme))).toEqual(expected);
  expect(outcomeOf(() => readInPlace(document, before, members, scheme))).toEqual(expected);
}

test('every odd record is read as the obvious implementation reads it', () => {
  for (const { bytes } of ODD_RECORDS)
    for (const members of [AUDIT_LOG.members, OTHER_NAMES])
      expectAgreement(bytes, Buffer.from('5\0'), members, 'bson-sha256/v1');
});

const NAMES = ['_id', 'timestamp', 'hash', 'immutable', 'snapshotId', '\x09at\0'];
const edit = fc.record({
  at: fc.nat(),
  drop: fc.nat(4),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.nat(NAMES.length - 1).map((index) => Buffer.from(NAMES[index]!)),
    fc.constant(new Uint8Array()),
  ),
  /** Makes the size fit again, so that what was changed is read. */
  repair: fc.boolean(),
});

function apply(
  document: Buffer,
  { at, drop, put, repair }: { at: number; drop: number; put: Uint8Array; repair: boolean },
): Buffer {
  const start = at % (document.length + 1);
  const edited = Buffer.concat([document.subarray(0, start), put, document.subarray(start + drop)]);
  if (repair && edited.length >= 4) edited.writeInt32LE(edited.length);
  return edited;
}

test('every changed record is read, or refused with the same message, as the obvious implementation does it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SAMPLES),
      fc.array(edit, { maxLength: 4 }),
      fc.constantFrom(Buffer.of(0), Buffer.alloc(0), Buffer.from('x')),
      fc.constantFrom(AUDIT_LOG.members, OTHER_NAMES),
      fc.constantFrom<HashScheme>('bson-sha256/v1', 'opaque'),
      (sample, edits, before, members, scheme) => {
        const document = edits.reduce(apply, sample);
        expectAgreement(document, before, members, scheme);
      },
    ),
    { numRuns: CASES },
  );
});
