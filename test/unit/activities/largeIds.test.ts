import { BSON } from 'bson';
import type { Position } from '../../../src/contract/activities';
import { snapshotIdOf } from '../../../src/contract/names';
import { splitRecords } from '../../../src/evidence/bsonStream';
import { unpackChunk } from '../../../src/evidence/chunk';
import { chunkKey } from '../../../src/evidence/objectKeys';
import { readRecord } from '../../../src/evidence/recordBytes';
import { listedId } from '../../../src/evidence/recordIds';
import { startOfChunk } from '../../../src/sealing/chunkCursor';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const INPUT = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const SNAPSHOT = snapshotIdOf(INPUT.jobId);
const TIME = new Date('2026-03-01T12:00:00.000Z');
const MIB = 1024 * 1024;
/** Temporal accepts 2 MiB in a payload; nothing of this product comes near it. */
const MAX_PAYLOAD_CHARS = 16 * 1024;

/** Nine records of one millisecond and one of the next, every id longer than 256 characters; chunks hold four. */
function addRecords(deps: FakeDeps, idBytes: number): string[] {
  const raw = Array.from('abcdefghij', (letter, index) => {
    const _id = letter.repeat(index === 3 ? idBytes : 300);
    const timestamp = new Date(TIME.getTime() + (index === 9 ? 1 : 0));
    return BSON.serialize({ _id, timestamp, immutable: false });
  });
  return raw.map((bytes) => deps.records.addRaw(bytes));
}

async function sealedIds({ store }: FakeDeps, chunks: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < chunks; index++) {
    const { body } = (await store.get(chunkKey(SNAPSHOT, index), 64 * MIB))!;
    for (const record of splitRecords(await unpackChunk(body))) ids.push(readRecord(record).id);
  }
  return ids;
}

test.each([
  ['1.2 MB', 1_200_000],
  ['5 MB', 5_000_000],
])(
  'an id of %s at the end of a chunk is sealed and marked once, and payloads and rows stay small',
  async (_size, idBytes) => {
    const deps = new FakeDeps();
    const ids = addRecords(deps, idBytes);
    const run = new InProcessRun(deps);
    expect(await run.run(INPUT)).toMatchObject({ recordCount: 10, conflictCount: 0 });
    expect(await sealedIds(deps, 3)).toEqual(ids);
    expect(ids.map((id) => deps.records.markCounts.get(id))).toEqual(ids.map(() => 1));
    expect(run.largestPayload).toBeLessThan(MAX_PAYLOAD_CHARS);
    const rows = await deps.snapshots.listChunks(SNAPSHOT, 3);
    expect(rows.map(({ checkpoint }) => checkpoint.cursor.after?.id)).toEqual(
      [3, 7, 9].map((index) => listedId(ids[index]!)),
    );
  },
);

test.each(['queryBatch', 'hashBatch'] as const)(
  'a run that ends before a second %s continues after the long id of its last chunk',
  async (name) => {
    const deps = new FakeDeps();
    const ids = addRecords(deps, 300);
    let calls = 0;
    const before = (called: string): void => {
      if (called === name && ++calls >= 2) throw new Error('terminated');
    };
    await expect(
      new InProcessRun(deps, { before, maxAttempts: 1 }).run({ ...INPUT, maxAttempts: 1 }),
    ).rejects.toThrow('terminated');
    expect(await new InProcessRun(deps).run(INPUT)).toMatchObject({ recordCount: 10 });
    expect(await sealedIds(deps, 3)).toEqual(ids);
  },
);

test('a stored chunk whose response was lost is adopted, and the next one begins after its long id', async () => {
  const deps = new FakeDeps();
  const ids = addRecords(deps, 300);
  for (const nth of [1, 2, 3]) deps.store.faults.failCall('putOnce', nth * 2 - 1, 'unacknowledged');
  expect(await new InProcessRun(deps).run(INPUT)).toMatchObject({ recordCount: 10 });
  expect(await sealedIds(deps, 3)).toEqual(ids);
});

test('a stored chunk that does not end with the record that the cursor names is SNAPSHOT_CONFLICT', async () => {
  const deps = new FakeDeps();
  const ids = addRecords(deps, 300);
  await new InProcessRun(deps).run(INPUT);
  const row = (await deps.snapshots.find(SNAPSHOT))!;
  const after = { timestamp: TIME.toISOString(), id: listedId(ids[3]!) };
  const start = (cursor: Position) => startOfChunk(deps.store, row, 1, { after: cursor, sliceMs: 1 });
  expect(await start(after)).toEqual({ ...after, id: ids[3] });
  for (const other of [
    { ...after, id: listedId(ids[2]!) },
    { ...after, timestamp: '2026-03-01T12:00:00.001Z' },
  ])
    await expect(start(other)).rejects.toMatchObject({
      code: 'SNAPSHOT_CONFLICT',
      message: expect.stringContaining('does not end with the record') as string,
    });
});

test('the conflicts of a chunk are listed by digests of long ids, so that their row has room for them', async () => {
  const deps = new FakeDeps();
  const ids = addRecords(deps, 5_000_000);
  const listed: (readonly string[])[] = [];
  const setMarked = deps.snapshots.setMarked.bind(deps.snapshots);
  deps.snapshots.setMarked = (snapshotId, index, conflicts) => {
    listed.push(conflicts);
    return setMarked(snapshotId, index, conflicts);
  };
  const before = (name: string): void => {
    if (name === 'markImmutable') deps.records.remove(ids[3]!);
  };
  expect(await new InProcessRun(deps, { before }).run(INPUT)).toMatchObject({ conflictCount: 1 });
  expect(listed.flat()).toEqual([listedId(ids[3]!)]);
});

test('marking is tried before signing with ids that a query can name, and never with digests of long ids', async () => {
  const deps = new FakeDeps();
  addRecords(deps, 300);
  const [known] = deps.logEntries(1, '2026-03-01T23:00:00.000Z');
  await new InProcessRun(deps).run(INPUT);
  expect(deps.writeCheck.tried.map(({ recordIds }) => recordIds)).toEqual([[known]]);
});
