import { mongo } from 'mongoose';
import { leftOutKindOf, noneLeftOut, type LeftOutKind } from '../../src/evidence/leftOut';
import { AUDIT_LOG } from '../../src/evidence/recordMembers';
import type { RecordSourceSubject } from './recordSource';

const { BSON, ObjectId, Int32, Long } = mongo;
const START_MS = Date.parse('2026-03-01T00:00:00.000Z');

/** How every record source counts the records that sealing leaves out. */
export function describeLeftOutRecords(name: string, makeSubject: () => Promise<RecordSourceSubject>): void {
  describe(`${name} as a record source`, () => {
    test('records that sealing leaves out are counted by kind, each once, and no other record is', async () => {
      const subject = await makeSubject();
      const date = new Date(START_MS + 1);
      const day = { fromMs: START_MS, untilMs: START_MS + 86_400_000 };
      const kinds: readonly (readonly [LeftOutKind | undefined, mongo.Document])[] = [
        [undefined, { immutable: false, timestamp: date }],
        [undefined, { immutable: false, timestamp: new Date('0000-01-01T00:00:00.000Z') }],
        [undefined, { immutable: false, timestamp: new Date('9999-12-31T23:59:59.999Z') }],
        ['immutable-missing', { timestamp: date }],
        ['immutable-missing', { immutable: null, timestamp: date }],
        ['immutable-missing', { timestamp: 'text' }],
        ['immutable-odd', { immutable: 'false', timestamp: date }],
        ['immutable-odd', { immutable: new Int32(0), timestamp: 'text' }],
        ['immutable-odd', { immutable: {}, timestamp: date }],
        ['immutable-odd', { immutable: [], timestamp: date }],
        ['immutable-odd', { immutable: date, timestamp: date }],
        ['mark-foreign', { immutable: true, timestamp: date }],
        ['mark-foreign', { immutable: true, snapshotId: 'theirs', timestamp: 'text' }],
        ['mark-foreign', { immutable: true }],
        ['time-missing', { immutable: false }],
        ['time-missing', { immutable: false, timestamp: null }],
        ['time-text', { immutable: false, timestamp: date.toISOString() }],
        ['time-number', { immutable: false, timestamp: date.getTime() }],
        ['time-number', { immutable: false, timestamp: new Int32(5) }],
        ['time-number', { immutable: false, timestamp: Long.fromNumber(5) }],
        ['time-other', { immutable: false, timestamp: true }],
        ['time-other', { immutable: false, timestamp: [] }],
        ['time-other', { immutable: false, timestamp: ['text'] }],
        ['time-other', { immutable: false, timestamp: { $date: 'x' } }],
        ['time-other', { immutable: false, timestamp: new ObjectId() }],
        ['time-range', { immutable: false, timestamp: new Date('-000001-12-31T23:59:59.999Z') }],
        ['time-range', { immutable: false, timestamp: new Date('+010000-01-01T00:00:00.000Z') }],
      ];
      const documents = kinds.map(([kind, members]) => {
        const bytes = BSON.serialize({ _id: new ObjectId(), ...members });
        expect([members, leftOutKindOf(bytes, AUDIT_LOG.members)]).toEqual([members, kind]);
        return bytes;
      });
      expect(await subject.source.countLeftOut({ uncovered: [day] })).toEqual(noneLeftOut());
      await subject.insert(documents);
      const expected = noneLeftOut();
      for (const [kind] of kinds) if (kind !== undefined) expected[kind]++;
      expect(await subject.source.countLeftOut({ uncovered: [day] })).toEqual(expected);
      expect(await subject.source.countLeftOut({ within: day, uncovered: [day] })).toEqual(expected);
      const later = { fromMs: day.untilMs, untilMs: day.untilMs + 1 };
      // Of the dated records, only those without a mark and those that are marked belong to a window.
      expect(await subject.source.countLeftOut({ within: later, uncovered: [later] })).toEqual({
        ...expected,
        'immutable-missing': 1,
        'mark-foreign': 2,
      });
    });
  });
}
