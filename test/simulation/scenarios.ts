import { SnapshotError } from '../../src/errors';
import { generateKeyPairSync } from 'node:crypto';
import { mongo } from 'mongoose';
import type { AuditSnapshotInput } from '../../src/contract/snapshot';
import type { Timestamper } from '../../src/ports/timestamper';
import { buildEntry } from '../../src/services/auditEntry';
import type { FakeDeps } from '../harness/fakeDeps';
import { giveRights, takeRight, type LostRight } from './lostRights';
import type { ScenarioName } from './plan';

/** Text of every record; only records and chunks may contain it. */
export const CONTENT = 'invoice.updated';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
/** Covers everything that scenarios log: a later job over it seals the records that came late. */
export const SWEEP = { jobId: 'sweep', from: '2026-02-28T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' };
const ONE = { jobId: 'job-1', ...WINDOW };
const OTHER = { jobId: 'job-2', from: '2026-03-01T00:00:01.000Z', to: '2026-03-02T00:00:00.000Z' };

/** A fault that no retry can repair, and the failures a job may end with after it. */
interface Disaster {
  readonly inject: (fakes: FakeDeps) => void;
  readonly codes: readonly string[];
  /** Ends it when the jobs have ended: all of them must then succeed. A run that starts with the disaster must not sign. */
  readonly lift?: (fakes: FakeDeps) => void;
}

export interface Scenario {
  readonly records: number;
  readonly jobs: readonly AuditSnapshotInput[];
  /** Sealed without faults, before everything else. */
  readonly earlier?: AuditSnapshotInput;
  readonly continueAfter?: number;
  readonly inTurns?: boolean;
  /** Whether one record no longer matches its own hash. */
  readonly tampered?: boolean;
  readonly timestamped?: boolean;
  readonly disaster?: Disaster;
}

const TWO = { records: 5, jobs: [ONE, OTHER] };
const AFTER_EARLIER = {
  records: 3,
  jobs: [ONE],
  earlier: { jobId: 'earlier', from: '2026-02-28T00:00:00.000Z', to: '2026-02-28T23:59:59.999Z' },
};

/** Keys of every simulation, in the order of their versions. */
export const KEYS = Array.from({ length: 8 }, () => generateKeyPairSync('ed25519'));

export const SCENARIO: Readonly<Record<ScenarioName, Scenario>> = {
  one: { records: 3, jobs: [ONE] },
  empty: { records: 0, jobs: [ONE] },
  overlapping: TWO,
  takeover: { ...TWO, inTurns: true },
  sideBySide: {
    records: 3,
    jobs: ['00', '01', '02'].map((second) => ({
      jobId: `job-${second}`,
      from: `2026-03-01T00:00:${second}.000Z`,
      to: `2026-03-01T00:00:${second}.999Z`,
    })),
  },
  continued: { records: 7, jobs: [ONE], continueAfter: 2 },
  tampered: { records: 3, jobs: [{ ...ONE, onTamper: 'fail' }], tampered: true },
  timestamped: { records: 3, jobs: [ONE], timestamped: true },
  corrupted: {
    ...AFTER_EARLIER,
    disaster: {
      inject: corrupt,
      codes: ['STORAGE_CONFLICT', 'SNAPSHOT_CONFLICT', 'EVIDENCE_MALFORMED', 'LEDGER_ENTRY_INVALID'],
    },
  },
  restored: {
    ...AFTER_EARLIER,
    disaster: {
      inject: ({ ledger }) => void ledger.leaves.pop(),
      codes: ['LEDGER_BEHIND', 'LEDGER_FORKED'],
    },
  },
  rightsLost: {
    ...AFTER_EARLIER,
    disaster: { inject: takeRights, codes: ['DATABASE_UNAUTHORIZED'], lift: giveRights },
  },
  writeDenied: withoutRight('writeDenied', 'STORAGE_UNAUTHORIZED'),
  readDenied: withoutRight('readDenied', 'STORAGE_UNAUTHORIZED'),
  absentDenied: withoutRight('absentDenied', 'STORAGE_UNAUTHORIZED'),
  listDenied: withoutRight('listDenied', 'STORAGE_UNAUTHORIZED'),
  lockDenied: withoutRight('lockDenied', 'STORAGE_UNAUTHORIZED'),
  keyDenied: withoutRight('keyDenied', 'SIGNER_UNAUTHORIZED'),
  signDenied: withoutRight('signDenied', 'SIGNER_UNAUTHORIZED'),
  trimmed: {
    ...AFTER_EARLIER,
    disaster: {
      inject: ({ signer }) => {
        // A key that no other fault rotates to: one key has one version.
        signer.rotate(KEYS.at(-1));
        signer.disableBelow(2);
      },
      codes: ['KEY_VERSION_UNAVAILABLE'],
    },
  },
};

function withoutRight(right: LostRight, code: string): Scenario {
  const inject = (fakes: FakeDeps): void => takeRight(right, fakes);
  return { ...AFTER_EARLIER, disaster: { inject, codes: [code], lift: giveRights } };
}

/** The database refuses everything that finishing a snapshot writes. */
function takeRights({ writeCheck, assets, ledger, records }: FakeDeps): void {
  const refusal = new SnapshotError('DATABASE_UNAUTHORIZED', 'the database denies access');
  writeCheck.faults.refuse(refusal, 'tryWrites');
  assets.faults.refuse(refusal, 'registerAsset');
  ledger.faults.refuse(refusal, 'append');
  records.faults.refuse(refusal, 'updateLogImmutability', 'recordSnapshotCreated');
}

/** The newest object of the job comes back with one bit changed. */
function corrupt({ store }: FakeDeps): void {
  const own = store.keys().filter((key) => key.startsWith('snapshots/snap-job-1/'));
  const key = own.toSorted((left, right) => ageOf(store, left) - ageOf(store, right)).at(-1);
  const body = key && store.versions(key).at(-1)?.body;
  if (!key || !body) return;
  const other = Buffer.from(body);
  const middle = other.length >> 1;
  other[middle] = other[middle]! ^ 1;
  store.alter(key, other);
}

function ageOf(store: FakeDeps['store'], key: string): number {
  return Number(store.versions(key)[0]?.versionId.slice(1));
}

/** The records of every simulation: the same bytes each time, so that what is sealed can be compared. */
export const RECORDS = Array.from({ length: 7 }, (_, index) => recordOf(index, index * 1000));
/** Records that arrive late: before the timestamps of all but the first record. */
export const LATE = Array.from({ length: 6 }, (_, index) => recordOf(100 + index, 500));
/** The record of the day before. */
export const EARLIER = recordOf(200, -3_600_000);

function recordOf(index: number, offsetMs: number): Buffer {
  const id = mongo.ObjectId.createFromHexString((index + 1).toString(16).padStart(24, '0'));
  const { document } = buildEntry(
    {
      resourceType: 'invoice',
      resourceId: `invoice-${index}`,
      action: CONTENT,
      actorId: 'amélie',
      timestamp: new Date(Date.parse(WINDOW.from) + offsetMs),
    },
    id,
  );
  return Buffer.from(mongo.BSON.serialize(document));
}

/** An authority whose answers all differ, as those of a real one do: granted, with a serial number after the imprint. */
export function fakeTimestamper(): Timestamper {
  let serial = 0;
  return {
    timestamp: (digest) => {
      const imprint = Buffer.from('3031300d060960864801650304020105000420', 'hex');
      const content = Buffer.concat([
        Buffer.from('3003020100', 'hex'),
        imprint,
        digest,
        Buffer.of(2, 1, serial++),
      ]);
      return Promise.resolve(Buffer.concat([Buffer.of(0x30, content.length), content]));
    },
  };
}
