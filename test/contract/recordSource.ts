import { mongo } from 'mongoose';
import type { Position } from '../../src/contract/activities';
import { cutRecord, readRecord } from '../../src/evidence/recordBytes';
import type { RecordSource } from '../../src/ports/recordSource';

const { BSON, ObjectId, Int32, Double, Long, Binary, Timestamp, MinKey, MaxKey } = mongo;

/** A record source, and access to the log that other programs write. */
export interface RecordSourceSubject {
  readonly source: RecordSource;
  /** Adds records as these bytes. */
  insert(records: readonly Uint8Array[]): Promise<void>;
  /** The stored bytes of a record, by its `_id`. */
  read(id: mongo.ObjectId): Promise<Uint8Array | undefined>;
}

const START_MS = Date.parse('2026-03-01T00:00:00.000Z');
const at = (ms: number) => new Date(START_MS + ms);
const slice = (fromMs: number, untilMs: number, after: Position | null = null) => ({
  fromMs: START_MS + fromMs,
  untilMs: START_MS + untilMs,
  after,
});
const record = (_id: unknown, ms: number, members: object = {}) =>
  BSON.serialize({ _id, timestamp: at(ms), note: 'ünï', ...members, immutable: false });

/** The ids of the records in their order. */
async function objectIdsOf(records: AsyncIterable<Uint8Array>): Promise<string[]> {
  const found: string[] = [];
  for await (const bytes of records) found.push(String(BSON.deserialize(bytes)['_id']));
  return found;
}

const idsOf = (records: readonly Uint8Array[]) => records.map((bytes) => readRecord(bytes).id);

/** What every record source does, whether it is in memory or a server. */
export function describeRecordSource(name: string, makeSubject: () => Promise<RecordSourceSubject>): void {
  describe(`${name} as a record source`, () => {
    let subject: RecordSourceSubject;

    beforeEach(async () => {
      subject = await makeSubject();
    });

    async function scan(...args: Parameters<RecordSource['scan']>): Promise<Buffer[]> {
      const found: Buffer[] = [];
      for await (const bytes of subject.source.scan(...args)) found.push(Buffer.from(bytes));
      return found;
    }

    test('a scan returns the stored bytes ordered by time and id, from the first millisecond up to the end, which is excluded', async () => {
      const [a, b, c, d] = Array.from('abcd', (digit) => new ObjectId(digit.repeat(24)));
      const records = [record(d, 10), record(b, 5), record(a, 5), record(c, 20)];
      await subject.insert(records);
      await expect(scan(slice(5, 20), 100)).resolves.toEqual(
        [records[2], records[1], records[0]].map((bytes) => Buffer.from(bytes!)),
      );
      expect(idsOf(await scan(slice(5, 21), 2))).toEqual(idsOf([records[2]!, records[1]!]));
      expect(await scan(slice(6, 10), 100)).toEqual([]);
    });

    test('ids of every type within one millisecond are in the order of the server, and a cursor continues after any of them', async () => {
      const ids = [
        new MinKey(),
        null,
        new Double(-1.5),
        new Int32(1),
        Long.fromNumber(2),
        'a',
        'b',
        { of: 'object' },
        new Binary(Buffer.from('x')),
        new ObjectId('0123456789abcdef01234567'),
        new ObjectId('0123456789abcdef01234568'),
        false,
        true,
        new Date(5),
        new Timestamp({ t: 1, i: 1 }),
        new MaxKey(),
      ];
      const records = ids.map((id) => record(id, 7));
      await subject.insert(records.toReversed());
      await subject.insert([record('later', 8)]);
      const expected = idsOf([...records, record('later', 8)]);
      expect(idsOf(await scan(slice(0, 100), 100))).toEqual(expected);
      for (const [index, id] of expected.slice(0, -1).entries()) {
        const after = { timestamp: at(7).toISOString(), id };
        expect(idsOf(await scan(slice(7, 100, after), 100))).toEqual(expected.slice(index + 1));
      }
    });

    test('a marked record is neither scanned nor counted', async () => {
      const [one, other] = [new ObjectId(), new ObjectId()];
      await subject.insert([record(one, 1), record(other, 2)]);
      const window = { from: at(1).toISOString(), to: at(2).toISOString() };
      await expect(subject.source.countUnsealed(window)).resolves.toBe(2);
      await expect(subject.source.updateLogImmutability([one.toHexString()], 'snap-1')).resolves.toEqual({
        conflicts: [],
      });
      await expect(subject.source.countUnsealed(window)).resolves.toBe(1);
      expect(idsOf(await scan(slice(0, 100), 100))).toEqual([other.toHexString()]);
    });

    test('a count includes both ends of the window', async () => {
      await subject.insert([0, 1, 2, 3].map((ms) => record(new ObjectId(), ms)));
      const count = subject.source.countUnsealed({ from: at(1).toISOString(), to: at(2).toISOString() });
      await expect(count).resolves.toBe(2);
    });

    test('a count that is aborted rejects', async () => {
      const window = { from: at(0).toISOString(), to: at(9).toISOString() };
      const count = subject.source.countUnsealed(window, AbortSignal.abort(new Error('aborted')));
      await expect(count).rejects.toThrow('aborted');
    });

    test('marking changes only the sealing members, and marking again changes nothing', async () => {
      const id = new ObjectId();
      const bytes = record(id, 1, { hash: 'h', details: { immutable: false } });
      await subject.insert([bytes]);
      await subject.source.updateLogImmutability([id.toHexString()], 'snap-1');
      const marked = (await subject.read(id))!;
      expect(cutRecord(marked)).toEqual(cutRecord(bytes));
      expect(BSON.deserialize(marked)).toMatchObject({ immutable: true, snapshotId: 'snap-1' });
      await expect(subject.source.updateLogImmutability([id.toHexString()], 'snap-1')).resolves.toEqual({
        conflicts: [],
      });
      expect(Buffer.from((await subject.read(id))!)).toEqual(Buffer.from(marked));
    });

    test('the log time narrows the search for records to mark, and a record whose time was changed is still marked', async () => {
      const [inside, changed] = [new ObjectId(), new ObjectId()];
      await subject.insert([record(inside, 1), record(changed, 9)]);
      const ids = [inside, changed].map((id) => id.toHexString());
      const within = { fromMs: at(1).getTime(), untilMs: at(3).getTime() };
      await expect(subject.source.updateLogImmutability(ids, 'snap-1', within)).resolves.toEqual({
        conflicts: [],
      });
      for (const id of [inside, changed])
        expect(BSON.deserialize((await subject.read(id))!)).toMatchObject({ snapshotId: 'snap-1' });
    });

    test('missing records and records of another snapshot are conflicts and are not changed', async () => {
      const [mine, theirs, gone] = [new ObjectId(), new ObjectId(), new ObjectId()].map((id) =>
        id.toHexString(),
      ) as [string, string, string];
      await subject.insert([record(new ObjectId(mine), 1), record(new ObjectId(theirs), 2)]);
      await subject.source.updateLogImmutability([theirs], 'snap-other');
      const outcome = await subject.source.updateLogImmutability([mine, theirs, gone], 'snap-1');
      expect(outcome.conflicts.toSorted()).toEqual([theirs, gone].toSorted());
      expect(BSON.deserialize((await subject.read(new ObjectId(theirs)))!)).toMatchObject({
        snapshotId: 'snap-other',
      });
      expect(BSON.deserialize((await subject.read(new ObjectId(mine)))!)).toMatchObject({
        snapshotId: 'snap-1',
      });
    });

    test('the marked and the unmarked records of a slice are scanned separately', async () => {
      const ids = [0, 1, 2, 3, 4].map(() => new ObjectId());
      await subject.insert(ids.map((id, ms) => record(id, ms)));
      const bare = new ObjectId();
      await subject.insert(
        [{ _id: bare, timestamp: at(2) }].map((document) => Buffer.from(BSON.serialize(document))),
      );
      const marked = [ids[3]!, ids[1]!].map((id) => id.toHexString());
      await subject.source.updateLogImmutability(marked, 'snap-1');
      const [from, until] = [at(1).getTime(), at(4).getTime()];
      expect(await objectIdsOf(subject.source.scanMarked(from, until))).toEqual([ids[1], ids[3]].map(String));
      expect((await objectIdsOf(subject.source.scanUnmarked(from, until))).toSorted()).toEqual(
        [String(ids[2]), String(bare)].toSorted(),
      );
    });

    test('records are found by their ids, without those that are missing', async () => {
      const [known, gone] = [new ObjectId(), new ObjectId()];
      const bytes = record(known, 1);
      await subject.insert([bytes]);
      const found: Buffer[] = [];
      for await (const raw of subject.source.findByIds([gone.toHexString(), known.toHexString()]))
        found.push(Buffer.from(raw));
      expect(found).toEqual([Buffer.from(bytes)]);
    });

    test('records with a mark that sealing never writes are found, whatever their time, and others are not', async () => {
      const odd: mongo.Document[] = [
        { immutable: 'true' },
        { immutable: 1 },
        { immutable: new Date(0) },
        { immutable: { of: true } },
        { immutable: [] },
        { immutable: [[true]] },
        { immutable: [true] },
        { immutable: true, timestamp: '2026-03-01' },
        { immutable: true, timestamp: 5 },
        { immutable: true, timestamp: true },
        { immutable: true, timestamp: null },
        { immutable: true, timestamp: [] },
        { immutable: true, timestamp: [at(1)] },
      ].map((members) => ({ _id: new ObjectId(), timestamp: at(1), ...members }));
      odd.push({ _id: new ObjectId(), immutable: true, snapshotId: 5 });
      const plain: mongo.Document[] = [
        { immutable: true },
        { immutable: false },
        { immutable: null },
        {},
        { immutable: false, timestamp: 'no date' },
      ].map((members) => ({ _id: new ObjectId(), timestamp: at(1), ...members }));
      await subject.insert([...odd, ...plain].map((document) => BSON.serialize(document)));
      const found = new Set(await objectIdsOf(subject.source.scanOddMarks()));
      expect([...found].toSorted()).toEqual(odd.map(({ _id }) => String(_id)).toSorted());
    });

    test('a record at the size limit, and one whose id no query can express, cannot be marked', async () => {
      const limit = 16 * 1024 * 1024;
      const sized = (bytes: number) => {
        const empty = record(new ObjectId(), 1, { payload: Buffer.alloc(0) }).length;
        return record(new ObjectId(), 1, { payload: Buffer.alloc(bytes - empty) });
      };
      expect(subject.source.isMarkable(sized(limit), 'snap-1')).toBe(false);
      expect(subject.source.isMarkable(sized(limit - 100), 'snap-1')).toBe(true);
      const broken = Buffer.from(record('\u00e9', 1));
      broken[broken.indexOf(0xc3)] = 0xff;
      expect(subject.source.isMarkable(broken, 'snap-1')).toBe(false);
      expect(subject.source.isMarkable(record('a', 1), 'snap-1')).toBe(true);
    });

    test('records whose ids are together larger than a command are marked and found', async () => {
      const sizes = Array.from({ length: 18 }, () => 1_000_000);
      const records = sizes.map((bytes, index) =>
        record(String.fromCodePoint(97 + index).padEnd(bytes, '-'), 1),
      );
      for (const bytes of records) await subject.insert([bytes]);
      const ids = idsOf(records);
      const { conflicts } = await subject.source.updateLogImmutability(ids, 'snap-1');
      expect(conflicts).toEqual([]);
      const found: string[] = [];
      for await (const bytes of subject.source.findByIds(ids)) found.push(readRecord(bytes).id);
      expect(found.toSorted()).toEqual(ids.toSorted());
    }, 240_000);

    test('the audit entry of a snapshot is written once, however often it is requested', async () => {
      const entry = { snapshotAssetId: '0123456789abcdef01234567', recordCount: 3, signedHash: 'c2ln' };
      await subject.source.recordSnapshotCreated(entry);
      await subject.source.recordSnapshotCreated(entry);
      const all = { fromMs: 0, untilMs: Date.parse('2100-01-01T00:00:00Z'), after: null };
      const found = await scan(all, 100);
      expect(found.map((bytes) => BSON.deserialize(bytes))).toEqual([
        expect.objectContaining({
          resourceType: 'audit_snapshot',
          resourceId: entry.snapshotAssetId,
          action: 'snapshot.created',
          actorId: '000000000000000000000001',
          details: entry,
          immutable: false,
        }),
      ]);
    });
  });
}
