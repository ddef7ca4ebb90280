import { ObjectId } from 'bson';
import { evidenceKey, hashedRecord } from '../../harness/evidence';
import { ORIGIN, trustFileOf, type LedgerDraft, type SnapshotDraft } from './draft';

export const FIRST_KEY = evidenceKey(1);
export const SECOND_KEY = evidenceKey(2);
/** In no trust file. */
export const STRANGE_KEY = evidenceKey(9);

const DAY_MS = 86_400_000;
const KEY_RANGES = [
  { key: FIRST_KEY, from: '2026-01-01T00:00:00.000Z' },
  { key: SECOND_KEY, from: '2026-02-10T00:00:00.000Z' },
] as const;

/** A record at an instant; its id is unique for `serial`, and its hash matches unless `members` override it. */
export function recordAt(serial: number, instant: string, members: object = {}): Buffer {
  const document = {
    _id: new ObjectId(serial.toString(16).padStart(24, '0')),
    timestamp: new Date(instant),
    action: 'document.read',
    actor: `user-${serial}`,
  };
  return hashedRecord(document, members);
}

let honest: readonly SnapshotDraft[] | undefined;

/**
 * Five honest snapshots: two days, a third over both with records that came late, one after a key rotation with one
 * finding of each kind, and an empty one.
 */
export function trueLedger(): LedgerDraft {
  honest ??= [
    daySnapshot('job-1', '2026-01-31', 100, [4, 4, 4]),
    daySnapshot('job-2', '2026-02-01', 200, [5, 4]),
    lateSnapshot(),
    findingsSnapshot(),
    daySnapshot('job-5', '2026-02-12', 500, []),
  ];
  return {
    snapshots: honest.map(copyOf),
    key: SECOND_KEY,
    origin: ORIGIN,
    trust: trustFileOf(KEY_RANGES),
  };
}

/** A draft that a lie may change. */
function copyOf(draft: SnapshotDraft): SnapshotDraft {
  const chunks = draft.chunks.map((records) => records.map((record) => Buffer.from(record)));
  const { recordCount, snapshots } = draft.late;
  return { ...draft, window: { ...draft.window }, chunks, late: { recordCount, snapshots: [...snapshots] } };
}

function daySnapshot(
  jobId: string,
  day: string,
  serial: number,
  chunkSizes: readonly number[],
): SnapshotDraft {
  const fromMs = Date.parse(`${day}T00:00:00.000Z`);
  let next = 0;
  const chunks = chunkSizes.map((size) =>
    Array.from({ length: size }, () => {
      const instant = new Date(fromMs + (next + 1) * 60_000).toISOString();
      return recordAt(serial + next++, instant);
    }),
  );
  const second = fromMs >= Date.parse(KEY_RANGES[1].from);
  return {
    jobId,
    origin: ORIGIN,
    window: { from: new Date(fromMs).toISOString(), to: new Date(fromMs + DAY_MS - 1).toISOString() },
    openedAt: new Date(fromMs + DAY_MS + 5_000).toISOString(),
    until: '2033-02-01T00:00:00.000Z',
    chunks,
    late: { recordCount: 0, snapshots: [] },
    key: second ? SECOND_KEY : FIRST_KEY,
    keyVersion: second ? 2 : 1,
  };
}

function lateSnapshot(): SnapshotDraft {
  const base = daySnapshot('job-3', '2026-02-01', 300, []);
  const chunks = [
    [recordAt(300, '2026-01-31T10:00:00.000Z'), recordAt(301, '2026-01-31T11:00:00.000Z')],
    [recordAt(302, '2026-02-01T10:00:00.000Z'), recordAt(303, '2026-02-02T10:00:00.000Z')],
  ];
  return {
    ...base,
    window: { from: '2026-01-31T06:00:00.000Z', to: '2026-02-02T23:59:59.999Z' },
    openedAt: '2026-02-03T00:00:05.000Z',
    chunks,
    late: { recordCount: 3, snapshots: ['snap-job-1', 'snap-job-2'] },
  };
}

function findingsSnapshot(): SnapshotDraft {
  const base = daySnapshot('job-4', '2026-02-11', 400, [2]);
  const day = '2026-02-11T12:00';
  const odd = [
    recordAt(410, `${day}:00.000Z`, { hash: 'f'.repeat(64) }),
    recordAt(411, `${day}:01.000Z`, { hash: 7 }),
    repeatedHash(recordAt(412, `${day}:02.000Z`)),
  ];
  return { ...base, chunks: [...base.chunks, odd] };
}

/** The record with its last member, the hash, twice. */
function repeatedHash(record: Buffer): Buffer {
  const start = record.lastIndexOf(Buffer.from('\u0002hash\u0000'));
  const member = record.subarray(start, record.length - 1);
  const doubled = Buffer.concat([record.subarray(0, record.length - 1), member, Buffer.of(0)]);
  doubled.writeInt32LE(doubled.length, 0);
  return doubled;
}
