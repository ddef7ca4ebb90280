import { mongo } from 'mongoose';
import type { Cursor } from '../../../src/contract/activities';
import { collectBatch } from '../../../src/sealing/collectBatch';
import { AUDIT_LOG } from '../../../src/evidence/recordMembers';
import { FakeRecordSource } from '../../harness/fakes/fakeRecordSource';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-31T23:59:59.999Z' };
const START: Cursor = { after: null, sliceMs: 60_000 };

class FakeChunk {
  readonly records: Uint8Array[] = [];
  sizeBytes = 0;

  get count(): number {
    return this.records.length;
  }

  append(bytes: Uint8Array): Promise<void> {
    this.records.push(bytes);
    this.sizeBytes += bytes.length;
    return Promise.resolve();
  }
}

function setUp(limits: { maxRecords?: number; maxBytes?: number } = {}) {
  const source = new FakeRecordSource();
  const chunkLimits = { maxRecords: 3, maxBytes: 1 << 20, ...limits };
  const collect = async (cursor: Cursor) => {
    const chunk = new FakeChunk();
    const counts: number[] = [];
    const { signal } = new AbortController();
    const target = { source, chunk, row: { source: AUDIT_LOG, window: WINDOW, chunkLimits }, signal };
    const batch = await collectBatch(target, cursor, (records) => counts.push(records));
    return { ...batch, chunk, counts };
  };
  const add = (timestamp: unknown) => source.add({ _id: new mongo.ObjectId(), immutable: false, timestamp });
  return { source, collect, add };
}

const at = (second: number) => new Date(Date.parse('2026-03-01T00:00:00.000Z') + second * 1000);

describe('a batch', () => {
  test('ends at the limit of records, and the next one continues after it until the window is exhausted', async () => {
    const { collect, add } = setUp();
    const ids = [1, 2, 2, 2, 3].map((second) => add(at(second)));
    const first = await collect(START);
    expect(first).toMatchObject({ exhausted: false, cursor: { after: { id: ids[2] } } });
    expect(first.chunk.count).toBe(3);
    const second = await collect(first.cursor);
    expect(second).toMatchObject({ exhausted: true, cursor: { after: { id: ids[4] } } });
    expect(second.chunk.count).toBe(2);
  });

  test('ends before the limit of bytes, but holds at least one record', async () => {
    const { collect, add } = setUp({ maxBytes: 10 });
    const ids = [1, 2].map((second) => add(at(second)));
    const batch = await collect(START);
    expect(batch).toMatchObject({ exhausted: false, cursor: { after: { id: ids[0] } } });
    expect(batch.chunk.count).toBe(1);
  });

  test('leaves records without a date alone, even when they use up the limit of a query', async () => {
    const { collect, add } = setUp();
    for (let stray = 0; stray < 7; stray++) add([at(1), at(2)]);
    const ids = [3, 4].map((second) => add(at(second)));
    const batch = await collect(START);
    expect(batch).toMatchObject({ exhausted: true, cursor: { after: { id: ids[1] } } });
    expect(batch.chunk.count).toBe(2);
  });

  test('crosses an empty month in slices that grow', async () => {
    const { collect, add } = setUp();
    add(new Date(WINDOW.to));
    const { chunk, counts } = await collect(START);
    expect(chunk.count).toBe(1);
    expect(counts.length).toBeLessThan(10);
  });
});
