import { Double, Int32, Long, MaxKey, ObjectId, Timestamp } from 'bson';
import { mongo } from 'mongoose';
import { cutRecord, readRecord } from '../../src/evidence/recordBytes';
import type { SnapshotRepository, SnapshotRow } from '../../src/ports/snapshotRepository';
import type { SealedRecordInserter, SnapshotRestorer } from '../../src/ports/snapshotRestorer';
import { documentOf, elementsOf } from '../harness/bsonBytes';
import type { RecordSourceSubject } from './recordSource';
import { chunkOf, seedOf } from './snapshotRepository';

/** A restorer, and the repository that reads what it wrote. */
export interface SnapshotRestorerSubject {
  readonly rows: SnapshotRepository;
  readonly restorer: SnapshotRestorer;
}

/** What every restorer of rows does, in memory or in a database. `makeSubject` returns one without rows. */
export function describeSnapshotRestorer(
  name: string,
  makeSubject: () => Promise<SnapshotRestorerSubject>,
): void {
  describe(`${name} as a snapshot restorer`, () => {
    let rows: SnapshotRepository;
    let restorer: SnapshotRestorer;
    beforeEach(async () => {
      ({ rows, restorer } = await makeSubject());
    });

    /** A row that was decided differently than the one of the seed. */
    async function otherRow(chunkCount: number | null): Promise<SnapshotRow> {
      const row = await rows.open(seedOf('a'));
      return { ...row, openedAt: '2026-05-01T00:00:00.000Z', leaseSequence: 4, chunkCount };
    }

    test('the row of a snapshot is replaced, although it exists with other values', async () => {
      const row = await otherRow(0);
      for (let time = 0; time < 2; time++) {
        await restorer.putSnapshot(row);
        await expect(rows.find('snap-a')).resolves.toEqual(row);
      }
    });

    test('a snapshot without a row gets one', async () => {
      const row = { ...(await otherRow(0)), snapshotId: 'snap-b', jobId: 'b' };
      await restorer.putSnapshot(row);
      await expect(rows.find('snap-b')).resolves.toEqual(row);
    });

    test('the row of a chunk is replaced with its marks, although it exists with other values', async () => {
      await otherRow(null);
      await rows.addChunk(chunkOf(0));
      await rows.setMarked('snap-a', 0, []);
      const chunk = { ...chunkOf(0), lateCount: 1 };
      for (let time = 0; time < 2; time++) {
        await restorer.putChunk(chunk, ['000000000000000000000001']);
        await expect(rows.findChunk('snap-a', 0)).resolves.toEqual(chunk);
        await expect(rows.listMarks('snap-a')).resolves.toEqual([{ index: 0, count: 2, conflictCount: 1 }]);
      }
    });

    test('a restored chunk that is not marked yet can be marked', async () => {
      await otherRow(null);
      await rows.addChunk(chunkOf(0));
      await rows.setMarked('snap-a', 0, []);
      await restorer.putChunk(chunkOf(0), null);
      await expect(rows.listMarks('snap-a')).resolves.toEqual([]);
      await rows.setMarked('snap-a', 0, ['000000000000000000000001', '000000000000000000000002']);
      await expect(rows.listMarks('snap-a')).resolves.toEqual([{ index: 0, count: 2, conflictCount: 2 }]);
    });

    test.each([
      [1, 1],
      [null, 0],
    ])(
      'a snapshot with the chunk count %p keeps %i of its chunk rows, and other snapshots keep theirs',
      async (chunkCount, kept) => {
        const row = await otherRow(chunkCount);
        await rows.open(seedOf('b'));
        for (const index of [0, 1, 2]) await restorer.putChunk(chunkOf(index), []);
        await restorer.putChunk(chunkOf(0, 'snap-b'), []);
        await restorer.putSnapshot(row);
        const own = [chunkOf(0)].slice(0, kept);
        await expect(rows.listChunks('snap-a', kept)).resolves.toEqual(own);
        await expect(rows.findChunk('snap-a', kept)).resolves.toBeUndefined();
        await expect(rows.listMarks('snap-a')).resolves.toHaveLength(kept);
        await expect(rows.listMarks('snap-b')).resolves.toHaveLength(1);
      },
    );
  });
}

/** A log that can be restored, and access to its records. */
export type SealedRecordInserterSubject = RecordSourceSubject & { readonly inserter: SealedRecordInserter };

/** What everything does that inserts sealed records, in memory or into a database. The log of `makeSubject` is empty. */
export function describeSealedRecordInserter(
  name: string,
  makeSubject: () => Promise<SealedRecordInserterSubject>,
): void {
  describe(`${name} as an inserter of sealed records`, () => {
    const id = new ObjectId('697d3a000000000000000001');
    const own = elementsOf({ _id: id, timestamp: new Date('2026-03-01T12:00:00.000Z') });
    const typed = elementsOf({
      whole: new Double(1),
      int: new Int32(1),
      long: Long.fromNumber(1),
      far: new MaxKey(),
      at: new Timestamp({ t: 1, i: 2 }),
      nested: { list: [null, 'ü', { empty: {} }] },
    });
    let subject: SealedRecordInserterSubject;
    beforeEach(async () => {
      subject = await makeSubject();
    });

    const stored = async () => Buffer.from((await subject.read(new mongo.ObjectId(id.id)))!);

    test('a record that the log lost is inserted with the same bytes, marked with its snapshot', async () => {
      const record = documentOf([own, typed]);
      for (let time = 0; time < 2; time++)
        await expect(subject.inserter.insertSealed([record], 'snap-a')).resolves.toEqual([]);
      expect(cutRecord(await stored())).toEqual(record);
      expect(mongo.BSON.deserialize(await stored())).toMatchObject({ immutable: true, snapshotId: 'snap-a' });
    });

    test('a record whose id exists stays as it is', async () => {
      const changed = documentOf([own, elementsOf({ note: 'changed', immutable: false })]);
      await subject.insert([changed]);
      await expect(subject.inserter.insertSealed([documentOf([own, typed])], 'snap-a')).resolves.toEqual([]);
      expect(await stored()).toEqual(changed);
    });

    test('a record that the driver would store with other bytes is named, and the others are inserted', async () => {
      const note = elementsOf({ note: 'twice' });
      const other = elementsOf({ _id: new ObjectId('697d3a000000000000000002') });
      const twice = documentOf([other, note, note]);
      const records = [twice, documentOf([own, typed])];
      await expect(subject.inserter.insertSealed(records, 'snap-a')).resolves.toEqual([readRecord(twice).id]);
      await expect(subject.read(new mongo.ObjectId('697d3a000000000000000002'))).resolves.toBeUndefined();
      expect(cutRecord(await stored())).toEqual(records[1]);
    });
  });
}
