import { mongo } from 'mongoose';
import { workflowIdOf } from '../../../src/contract/names';
import { auditFakes, readFakeLedger } from '../../harness/driftAudit';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const { BSON, ObjectId } = mongo;

/** Five records of a day, sealed and marked. */
async function sealedDay(): Promise<FakeDeps> {
  const deps = new FakeDeps();
  deps.logEntries(5);
  await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
  return deps;
}

/** A job that dies before it marks a chunk, after `marked` chunks of three. */
async function diesWhileMarking(marked: number): Promise<{ deps: FakeDeps; ids: string[] }> {
  const deps = new FakeDeps();
  const ids = deps.logEntries(11);
  let attempts = 0;
  const before = (name: string) => {
    if (name === 'markImmutable' && attempts++ >= marked) throw new Error('died');
  };
  const run = new InProcessRun(deps, { before, maxAttempts: 1 });
  await expect(run.run({ jobId: 'day', ...DAY })).rejects.toThrow('died');
  return { deps, ids };
}

describe('a snapshot that is being marked', () => {
  test.each([0, 1, 2])(
    'with %s of its chunks attempted accuses nobody, and is named with the number of unmarked records',
    async (marked) => {
      const { deps, ids } = await diesWhileMarking(marked);
      const unmarked = ids.filter((id) => deps.records.sealedBy(id) === undefined).length;
      expect(unmarked).toBeGreaterThan(0);
      const audit = await auditFakes(deps);
      expect(audit).toMatchObject({ drifts: [], marking: unmarked, late: 0 });
      expect(audit.notes).toEqual([
        `snap-day is being marked: ${unmarked} of its records are sealed and not marked yet`,
      ]);
    },
  );

  test('with an altered and a deleted record is accused of both', async () => {
    const { deps, ids } = await diesWhileMarking(0);
    const document = BSON.deserialize(deps.records.read(ids[3]!)!);
    deps.records.addRaw(BSON.serialize({ ...document, actorId: 'mallory' }));
    deps.records.remove(ids[4]!);
    const { drifts } = await auditFakes(deps);
    expect(drifts.map(({ kind, recordId }) => [kind, recordId])).toEqual([
      ['altered', ids[3]],
      ['deleted', ids[4]],
    ]);
  });

  test('is excused for a day after it was opened, and longer only while its workflow is open', async () => {
    const { deps } = await diesWhileMarking(0);
    deps.clock.advance(DAY_MS);
    await expect(auditFakes(deps)).resolves.toMatchObject({ marking: 0, counts: { unmarked: 11 } });
    deps.workflowStatus.open.add(workflowIdOf('day'));
    await expect(auditFakes(deps)).resolves.toMatchObject({ marking: 11, drifts: [] });
  });

  test('is not excused once its row is closed, nor when it has no row', async () => {
    const deps = new FakeDeps();
    const ids = deps.logEntries(5);
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    unmark(deps, ids[0]!);
    await expect(auditFakes(deps)).resolves.toMatchObject({ marking: 0, counts: { unmarked: 1 } });
    const rowless = { find: () => Promise.resolve(undefined) };
    const withoutRow = Object.assign(Object.create(deps) as FakeDeps, { snapshots: rowless });
    await expect(auditFakes(withoutRow)).resolves.toMatchObject({ marking: 0, counts: { unmarked: 1 } });
  });
});

function unmark(deps: FakeDeps, id: string): void {
  const { snapshotId: _, ...document } = BSON.deserialize(deps.records.read(id)!);
  deps.records.addRaw(BSON.serialize({ ...document, immutable: false }));
}

describe('late records that are sealed while the log is compared', () => {
  test('are not planted: the ledger is read again before a person is accused', async () => {
    const deps = new FakeDeps();
    deps.logEntries(5);
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    const earlier = await readFakeLedger(deps);
    deps.logEntries(3, '2026-03-01T12:00:00.000Z');
    await new InProcessRun(deps).run({ jobId: 'day-late', ...DAY });
    await expect(auditFakes(deps, { ledger: earlier })).resolves.toMatchObject({ drifts: [], records: 5 });
    const stale = await auditFakes(deps, { ledger: earlier, readLedger: () => Promise.resolve(earlier) });
    expect(stale.counts).toMatchObject({ planted: 3 });
  });

  test('are not backdated while their snapshot is being marked, however old they are', async () => {
    const deps = new FakeDeps();
    deps.logEntries(5);
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    deps.logEntries(3, '2026-03-01T12:00:00.000Z');
    const run = new InProcessRun(deps, { dieBefore: 'markImmutable' });
    await expect(run.run({ jobId: 'day-late', ...DAY })).rejects.toThrow('died');
    await expect(auditFakes(deps)).resolves.toMatchObject({ drifts: [], marking: 3 });
    deps.logEntries(1, '2026-03-01T13:00:00.000Z');
    await expect(auditFakes(deps)).resolves.toMatchObject({ counts: { backdated: 1 }, marking: 3 });
  });
});

describe('the retention of the live log', () => {
  test('records that are older than it may be gone; newer ones are deleted, and present ones are compared', async () => {
    const deps = new FakeDeps();
    const old = deps.logEntries(5, '2026-03-01T00:00:00.000Z');
    const recent = deps.logEntries(5, '2026-03-01T20:00:00.000Z');
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    const logRetentionMs = deps.clock.nowMs() - Date.parse('2026-03-01T12:00:00.000Z');
    for (const id of old.slice(0, 4)) deps.records.remove(id);
    const audit = await auditFakes(deps, { logRetentionMs });
    expect(audit).toMatchObject({ drifts: [], removed: 4, records: 10 });
    expect(audit.notes).toEqual([
      'snap-day: 4 sealed records are older than 92 days and not in the live log any more: removed by its retention (AUDIT_LOG_RETENTION_DAYS)',
    ]);

    deps.records.remove(recent[0]!);
    const document = BSON.deserialize(deps.records.read(old[4]!)!);
    deps.records.addRaw(BSON.serialize({ ...document, actorId: 'mallory' }));
    await expect(auditFakes(deps, { logRetentionMs })).resolves.toMatchObject({
      removed: 4,
      counts: { deleted: 1, altered: 1 },
    });
    await expect(auditFakes(deps)).resolves.toMatchObject({ removed: 0, counts: { deleted: 5 } });
  });
});

describe('sealed records that cannot be marked', () => {
  const LIMIT = 16 * 1024 * 1024;
  const START = new Date('2026-03-01T00:00:00.000Z');

  function sized(bytes: number): Buffer {
    const document = { _id: new ObjectId(), timestamp: START, payload: Buffer.alloc(0), immutable: false };
    const { length } = BSON.serialize(document);
    return Buffer.from(BSON.serialize({ ...document, payload: Buffer.alloc(bytes - length) }));
  }

  /** A record whose id is a string with invalid UTF-8. */
  function unspellable(ms: number): Buffer {
    const bytes = Buffer.from(
      BSON.serialize({ _id: 'é', timestamp: new Date(START.getTime() + ms), immutable: false }),
    );
    bytes[bytes.indexOf(0xc3)] = 0xff;
    return bytes;
  }

  test('at the size limit, or with an id that no query can express, are named and not accused', async () => {
    const deps = new FakeDeps();
    deps.records.addRaw(sized(LIMIT));
    deps.records.addRaw(unspellable(5000));
    deps.logEntries(5);
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    const audit = await auditFakes(deps);
    expect(audit).toMatchObject({ drifts: [], unmarkable: 2, records: 7, late: 0 });
    expect(audit.notes).toEqual([
      'snap-day: 2 records are sealed and cannot be marked (size limit of the database, or an id that no query can express)',
    ]);
  });

  test('a record that could be marked is accused when it is not', async () => {
    const deps = new FakeDeps();
    const id = deps.records.addRaw(sized(LIMIT - 100));
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    expect(deps.records.sealedBy(id)).toBe('snap-day');
    unmark(deps, id);
    await expect(auditFakes(deps)).resolves.toMatchObject({ unmarkable: 0, counts: { unmarked: 1 } });
  });

  test('an id that no query can express is met in the next slice when its millisecond spans two chunks', async () => {
    const deps = new FakeDeps();
    for (let index = 0; index < 3; index++)
      deps.records.add({ _id: `a${index}`, timestamp: START, immutable: false });
    deps.records.addRaw(unspellable(0));
    deps.logEntries(5, START.toISOString());
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    await expect(auditFakes(deps)).resolves.toMatchObject({ drifts: [], unmarkable: 1 });
  });

  test('a record with such an id that is gone is deleted', async () => {
    const deps = new FakeDeps();
    const id = deps.records.addRaw(unspellable(0));
    deps.logEntries(5, START.toISOString());
    await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
    deps.records.remove(id);
    await expect(auditFakes(deps)).resolves.toMatchObject({ counts: { deleted: 1 }, unmarkable: 0 });
  });
});

describe('forged marks', () => {
  const inWindow = new Date('2026-03-01T01:00:00.000Z');
  const outside = new Date('2020-01-01T00:00:00.000Z');

  test.each<[string, mongo.Document]>([
    ['a string', { immutable: 'true', timestamp: inWindow }],
    ['a number', { immutable: 1, timestamp: inWindow }],
    ['a document', { immutable: { yes: true }, timestamp: inWindow }],
    ['a date', { immutable: new Date(0), timestamp: inWindow }],
    ['an array', { immutable: [true], timestamp: inWindow }],
    ['a string outside of every window', { immutable: 'true', timestamp: outside }],
    ['true, with a snapshotId that is no string', { immutable: true, snapshotId: 5, timestamp: inWindow }],
    ['true, with the time as a string', { immutable: true, snapshotId: 'snap-day', timestamp: '2026-03-01' }],
    ['true, with the time as a number', { immutable: true, snapshotId: 'snap-day', timestamp: 5 }],
    ['true, without a time', { immutable: true, snapshotId: 'snap-day' }],
    ['true, outside of every window', { immutable: true, snapshotId: 'snap-day', timestamp: outside }],
    [
      'true, of a snapshot that does not exist',
      { immutable: true, snapshotId: 'snap-no', timestamp: inWindow },
    ],
  ])('a record whose immutable is %s is planted', async (_, members) => {
    const deps = await sealedDay();
    const recordId = deps.records.add({ _id: new ObjectId(), ...members });
    const { drifts } = await auditFakes(deps);
    expect(drifts).toMatchObject([{ kind: 'planted', recordId, index: null }]);
  });

  test('a sealed record whose mark was forged has lost its mark, and is not planted', async () => {
    const deps = await sealedDay();
    const id = deps.records.ids()[2]!;
    const document = BSON.deserialize(deps.records.read(id)!);
    deps.records.addRaw(BSON.serialize({ ...document, immutable: 'true' }));
    const { drifts } = await auditFakes(deps);
    expect(drifts).toMatchObject([{ kind: 'unmarked', recordId: id }]);
  });

  test('a sealed record whose time was replaced by a string is altered, and is not planted', async () => {
    const deps = await sealedDay();
    const id = deps.records.ids()[2]!;
    const document = BSON.deserialize(deps.records.read(id)!);
    deps.records.addRaw(BSON.serialize({ ...document, timestamp: '2026' }));
    const { drifts } = await auditFakes(deps);
    expect(drifts).toMatchObject([{ kind: 'altered', recordId: id }]);
  });

  test('an unmarked record outside of every window is nothing', async () => {
    const deps = await sealedDay();
    deps.records.add({ _id: new ObjectId(), immutable: false, timestamp: outside });
    deps.records.add({ _id: new ObjectId(), immutable: false, timestamp: 'none' });
    await expect(auditFakes(deps)).resolves.toMatchObject({ drifts: [], late: 0 });
  });
});

test('records of one millisecond that span several chunks accuse nobody, marked or not', async () => {
  const deps = new FakeDeps();
  for (let index = 0; index < 19; index++)
    deps.records.add({ _id: new ObjectId(), timestamp: new Date(DAY.from), index, immutable: false });
  await new InProcessRun(deps).run({ jobId: 'day', ...DAY });
  await expect(auditFakes(deps)).resolves.toMatchObject({ drifts: [], records: 19, late: 0 });
});
