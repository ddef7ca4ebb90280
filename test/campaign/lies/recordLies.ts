import { BSON, Long, type ObjectId } from 'bson';
import { about, type Lie } from './lie';
import { recordAt } from './trueLedger';
import type { SnapshotDraft } from './draft';

/** Snapshots with records, and an instant just outside of the window on either side. */
const SUBJECTS = [
  { jobId: 'job-1', before: '2026-01-30T23:59:59.999Z', after: '2026-02-01T00:00:00.000Z' },
  { jobId: 'job-2', before: '2026-01-31T23:59:59.999Z', after: '2026-02-02T00:00:00.000Z' },
  { jobId: 'job-3', before: '2026-01-31T05:59:59.999Z', after: '2026-02-03T00:00:00.000Z' },
  { jobId: 'job-4', before: '2026-02-10T23:59:59.999Z', after: '2026-02-12T00:00:00.000Z' },
] as const;

/** Lies about the time, order and uniqueness of records: chunks hold what they should not. */
export function* recordLies(): Generator<Lie> {
  for (const subject of SUBJECTS) {
    yield* timeLies(subject);
    yield* orderLies(subject.jobId);
    yield* markLies(subject.jobId);
  }
  yield* duplicates();
}

function* timeLies({ jobId, before, after }: (typeof SUBJECTS)[number]): Generator<Lie> {
  const places = ['first', 'second', 'last'] as const;
  for (const place of places) {
    const replace = (name: string, record: () => Buffer) =>
      about('time', jobId, `its ${place} record ${name}`, (snapshot) =>
        replaceRecord(snapshot, place, record()),
      );
    yield replace('is of another year', () => recordAt(9_000, '2019-06-01T00:00:00.000Z'));
    yield replace('is one millisecond before the window', () => recordAt(9_001, before));
    yield replace('is one millisecond after the window', () => recordAt(9_002, after));
    yield replace('has no time', () => recordAt(9_003, before, { timestamp: undefined }));
    yield replace('has a text as its time', () => recordAt(9_004, before, { timestamp: before }));
    yield replace('has a number as its time', () =>
      recordAt(9_005, before, { timestamp: Long.fromNumber(Date.parse(before)) }),
    );
    yield replace('has a list of dates as its time', () =>
      recordAt(9_006, before, { timestamp: [new Date(before), new Date(after)] }),
    );
  }
}

function* orderLies(jobId: string): Generator<Lie> {
  yield about('order', jobId, 'two neighbours are swapped', ({ chunks: [chunk] }) => {
    [chunk![0], chunk![1]] = [chunk![1]!, chunk![0]!];
  });
  yield about('order', jobId, 'a chunk is in reverse', ({ chunks }) => {
    chunks[0] = chunks[0]!.toReversed();
  });
  yield about('order', jobId, 'two chunks are swapped', ({ chunks }) => {
    [chunks[0], chunks[1]] = [chunks[1]!, chunks[0]!];
  });
  yield about('order', jobId, 'equal times, ids in descending order', (snapshot) => {
    const { timestamp } = BSON.deserialize(snapshot.chunks[0]![0]!) as { timestamp: Date };
    const instant = timestamp.toISOString();
    snapshot.chunks[0] = [
      recordAt(9_101, instant),
      recordAt(9_100, instant),
      ...snapshot.chunks[0]!.slice(1),
    ];
    if (snapshot.late.recordCount > 0) snapshot.late.recordCount++;
  });
}

function* markLies(jobId: string): Generator<Lie> {
  for (const [member, value] of [
    ['immutable', true],
    ['snapshotId', 'snap-job-1'],
  ] as const)
    yield about('bytes', jobId, `a record keeps its member ${member}`, ({ chunks: [chunk] }) => {
      const document = BSON.deserialize(chunk![0]!, { promoteValues: false });
      chunk![0] = Buffer.from(BSON.serialize({ ...document, [member]: value }));
    });
}

function* duplicates(): Generator<Lie> {
  for (const { jobId } of SUBJECTS) {
    yield about('duplicate', jobId, 'a record twice in a row', ({ chunks: [chunk] }) => {
      chunk!.splice(1, 0, chunk![0]!);
    });
    yield about('duplicate', jobId, 'a record twice, in two chunks', ({ chunks }) => {
      chunks[1]!.push(chunks[0]![0]!);
    });
    yield about('duplicate', jobId, 'an id again, at a later time', ({ chunks }) => {
      const first = BSON.deserialize(chunks[0]![0]!) as { _id: ObjectId };
      const laterMs = timeOf(chunks[1]!.at(-1)!) + 1;
      const serial = Number.parseInt(first._id.toHexString(), 16);
      chunks[1]!.push(recordAt(serial, new Date(laterMs).toISOString()));
    });
  }
  for (const [jobId, chunk, index] of [
    ['job-1', 2, 3],
    ['job-1', 2, 2],
    ['job-2', 0, 0],
    ['job-2', 1, 3],
  ] as const)
    yield {
      kind: 'duplicate',
      name: `job-3 seals record ${index} of chunk ${chunk} of ${jobId} again`,
      tell: ({ snapshots }) => sealAgain(snapshots, jobId, chunk, index),
    };
}

/** The late snapshot counts the record as late, in its place by time, as if it had not been sealed before. */
function sealAgain(snapshots: SnapshotDraft[], jobId: string, chunk: number, index: number): void {
  const owner = snapshots.find((snapshot) => snapshot.jobId === jobId)!;
  const late = snapshots.find((snapshot) => snapshot.jobId === 'job-3')!;
  const original = owner.chunks[chunk]![index]!;
  const { timestamp } = BSON.deserialize(original) as { timestamp: Date };
  late.window = { ...late.window, from: '2026-01-31T00:00:00.000Z' };
  const all = [...late.chunks.flat(), original].toSorted((left, right) => timeOf(left) - timeOf(right));
  late.chunks = [all.slice(0, 2), all.slice(2)];
  if (timestamp.getTime() < Date.parse('2026-02-02T00:00:00.000Z')) late.late.recordCount++;
}

function timeOf(record: Buffer): number {
  return (BSON.deserialize(record) as { timestamp: Date }).timestamp.getTime();
}

function replaceRecord({ chunks }: SnapshotDraft, place: 'first' | 'second' | 'last', record: Buffer): void {
  if (place === 'first') chunks[0]![0] = record;
  else if (place === 'second') chunks[0]![1] = record;
  else chunks.at(-1)![chunks.at(-1)!.length - 1] = record;
}
