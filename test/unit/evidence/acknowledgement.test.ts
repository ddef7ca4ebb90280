import { mongo } from 'mongoose';
import {
  AcknowledgementSearch,
  acknowledgementEntry,
  acknowledgementId,
  countAcknowledged,
  readAcknowledgement,
  type Acknowledgement,
} from '../../../src/evidence/acknowledgement';
import { buildEntry, entryIdOnce } from '../../../src/services/auditEntry';
import { documentOf, element, elementsOf } from '../../harness/bsonBytes';

const ONE: Acknowledgement = {
  snapshotId: 'snap-a',
  manifestSha256: 'a'.repeat(64),
  recordId: '697d3a000000000000000001',
  kind: 'hash-mismatch',
  reason: 'ticket 17, żółć',
  actorId: 'jonas.weber',
};
const ALL: Acknowledgement = { ...ONE, recordId: null, kind: null };

const bytesOf = (document: object) => Buffer.from(mongo.BSON.serialize(document));
const entry = acknowledgementEntry(ONE);

test.each([
  ['one finding', ONE],
  ['all findings of a snapshot', ALL],
])('the record that acknowledges %s says what it was built from', (_what, given) => {
  const { document } = buildEntry(acknowledgementEntry(given));
  expect(readAcknowledgement(bytesOf(document))).toEqual(given);
});

test('the id of the record derives from what it acknowledges, as that of other entries that are written once', () => {
  const { action, resourceId } = entry;
  expect(acknowledgementId('snap-a', ONE.recordId)).toBe(entryIdOnce(action, resourceId).toHexString());
  expect(acknowledgementId('snap-a', null)).not.toBe(acknowledgementId('snap-a', ONE.recordId));
});

test.each<[string, object]>([
  ['of another action', { ...entry, action: 'audit.finding.acknowledged2' }],
  ['whose action is not text', { ...entry, action: [entry.action] }],
  ['without an actor', { ...entry, actorId: 7 }],
  ['without details', { ...entry, details: entry.action }],
  ['without a reason', { ...entry, details: { ...entry.details, reason: null } }],
  ['without a manifest', { ...entry, details: { ...entry.details, manifestSha256: 1 } }],
  ['of an unknown kind', { ...entry, details: { ...entry.details, kind: 'hash-odd' } }],
  ['of a record whose id is a number', { ...entry, details: { ...entry.details, recordId: 1 } }],
  ['of a kind without a record', { ...entry, details: { ...entry.details, recordId: undefined } }],
])('a record %s acknowledges nothing', (_what, members) => {
  expect(readAcknowledgement(bytesOf(entry))).toBeDefined();
  expect(readAcknowledgement(bytesOf(members))).toBeUndefined();
});

test('a record that names a member twice, or whose details are no document, acknowledges nothing and is no error', () => {
  const own = elementsOf(entry);
  const broken = element(0x03, 'details', Buffer.from([9, 0, 0, 0, 1, 1, 1, 1, 1]));
  const { details: _details, ...others } = entry;
  expect(readAcknowledgement(documentOf([own]))).toEqual(ONE);
  expect(readAcknowledgement(documentOf([own, elementsOf({ actorId: 'other' })]))).toBeUndefined();
  expect(readAcknowledgement(documentOf([elementsOf(others), broken]))).toBeUndefined();
});

test('records that are read in place are searched in their order, also after some were left out', () => {
  const other = bytesOf({ note: 'x'.repeat(50) });
  const records = [other, bytesOf(entry), other, other, bytesOf(entry), bytesOf(entry), other];
  const bytes = Buffer.concat(records);
  const ends = records.map((_, index) => Buffer.concat(records.slice(0, index + 1)).length);
  const found = (asked: readonly number[]) => {
    const search = new AcknowledgementSearch();
    return asked.filter((index) => search.isIn(bytes, ends[index]! - records[index]!.length, ends[index]!));
  };
  expect(found([0, 1, 2, 3, 4, 5, 6])).toEqual([1, 4, 5]);
  expect(found([2, 3, 5, 6])).toEqual([5]);
  const search = new AcknowledgementSearch();
  expect(search.isIn(other, 0, other.length)).toBe(false);
  expect(search.isIn(bytesOf(entry), 0, bytesOf(entry).length)).toBe(true);
});

describe('the count of acknowledged findings', () => {
  const records = [
    { id: ONE.recordId!, kind: 'hash-mismatch' as const, index: 0 },
    { id: '697d3a000000000000000002', kind: 'hash-missing' as const, index: 1 },
  ];
  const counts = { 'hash-mismatch': 1, 'hash-missing': 5, 'hash-repeated': 0 };
  const manifest = { snapshotId: 'snap-a', findings: { counts, records } };
  const count = (...given: Acknowledgement[]) => countAcknowledged(manifest, ONE.manifestSha256, given);

  test('counts each finding once, and all of them for a snapshot', () => {
    expect(count()).toBe(0);
    expect(count(ONE, { ...ONE, reason: 'again' })).toBe(1);
    expect(count(ONE, ALL)).toBe(6);
  });

  test.each<[string, Partial<Acknowledgement>]>([
    ['another snapshot', { snapshotId: 'snap-b' }],
    ['another manifest', { manifestSha256: 'b'.repeat(64) }],
    ['a record that is no finding', { recordId: '697d3a000000000000000003' }],
    ['another kind', { kind: 'hash-missing' }],
  ])('leaves out an acknowledgement of %s', (_what, change) => {
    expect(count({ ...ONE, ...change })).toBe(0);
  });
});
