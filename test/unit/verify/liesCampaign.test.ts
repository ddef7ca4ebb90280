import { BSON } from 'bson';
import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { entryOf } from '../../../src/evidence/ledgerEntry';
import type { Manifest } from '../../../src/evidence/manifest';
import { manifestKey, manifestSignatureKey } from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { sha256Hex } from '../../../src/tlog/sha256';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { runCheckProgram } from '../../harness/checkProgram';
import {
  auditRecords,
  evidenceKey,
  hashedRecord,
  makeEvidence,
  readerOf,
  signEvidence,
  signManifest,
  type Evidence,
} from '../../harness/evidence';
import { ledgerObjects } from '../../harness/ledger';

/** Each lie is signed with the pinned key, in a snapshot of eight records and a snapshot of two late ones. */
const KEY = evidenceKey(1);
const RECORDS = auditRecords(8);
const LATE = { recordCount: 2, snapshots: ['snap-job-1'] };
const HOUR_MS = 3_600_000;
/** One in so many lies is also given to docs/check.py, which takes longer. */
const PROGRAM_SHARE = 12;

type Objects = Map<string, Buffer>;
type Lie = readonly [what: string, make: () => Promise<Objects>];

let trust: Evidence['trust'];
let first: Evidence;
let second: Evidence;

beforeAll(async () => {
  first = await makeEvidence({ records: RECORDS, chunkRecords: 3, key: KEY });
  second = await lateSnapshot(auditRecords(2, 8));
  ({ trust } = first);
});

const lateSnapshot = (records: readonly Buffer[], late: Manifest['late'] = LATE) =>
  makeEvidence({ records, chunkRecords: 3, key: KEY, jobId: 'job-2', late });

const entry = ({ manifest, objects }: Evidence) =>
  entryOf(manifest, sha256Hex(objects.get(manifestKey(manifest.snapshotId))!));

function together(snapshots: readonly Evidence[], entries = snapshots.map(entry)): Objects {
  return new Map([...snapshots.flatMap(({ objects }) => [...objects]), ...ledgerObjects(entries, KEY)]);
}

/** The first snapshot with a changed manifest, signed again. */
function signedWith(members: Partial<Manifest>): Evidence {
  const manifest = { ...first.manifest, ...members };
  return { ...first, manifest, objects: new Map([...first.objects, ...signEvidence(manifest, KEY)]) };
}

const claim = (what: string, members: () => Partial<Manifest>): Lie => [
  what,
  () => Promise.resolve(together([signedWith(members()), second])),
];

const sealed = (what: string, records: () => readonly Buffer[]): Lie => [
  what,
  async () => together([await makeEvidence({ records: records(), chunkRecords: 3, key: KEY }), second]),
];

const change = (bytes: Buffer, members: object): Buffer =>
  hashedRecord({ ...BSON.deserialize(bytes, { promoteValues: false }), hash: undefined }, members);

/** The record at `at` with another time and the hash that belongs to it. */
function retimed(at: number, timestamp: unknown): readonly Buffer[] {
  const { hash: _hash, ...document } = BSON.deserialize(RECORDS[at]!);
  return RECORDS.with(at, hashedRecord({ ...document, timestamp }));
}

function swapped(one: number, other: number): readonly Buffer[] {
  return RECORDS.with(one, RECORDS[other]!).with(other, RECORDS[one]!);
}

const chunkWith = (
  at: number,
  members: (chunk: Manifest['chunks'][number]) => object,
): Partial<Manifest> => ({
  chunks: first.manifest.chunks.map((chunk) =>
    chunk.index === at ? { ...chunk, ...members(chunk) } : chunk,
  ),
});

const indexes = [0, 1, 2, 3, 4, 5, 6, 7];
const pairs = indexes.flatMap((one) =>
  indexes.filter((other) => other > one).map((other) => [one, other] as const),
);
const later = (text: string, ms: number) => new Date(Date.parse(text) + ms).toISOString();

const LIES: readonly Lie[] = [
  ...pairs.map(([one, other]) => sealed(`records ${one} and ${other} swapped`, () => swapped(one, other))),
  ...pairs.map(([one, other]) =>
    sealed(`record ${one} again after record ${other}`, () => RECORDS.toSpliced(other + 1, 0, RECORDS[one]!)),
  ),
  ...indexes.flatMap((at) => [
    ...[-24, 24, 24 * 365].map((hours) =>
      sealed(`record ${at} moved by ${hours} hours`, () => {
        const { timestamp } = BSON.deserialize(RECORDS[at]!) as { timestamp: Date };
        return retimed(at, new Date(timestamp.getTime() + hours * HOUR_MS));
      }),
    ),
    ...[undefined, null, '2026-01-31T00:00:00.000Z', [new Date('2026-01-31T00:00:00.000Z')], 0].map((time) =>
      sealed(`record ${at} with the time ${JSON.stringify(time)}`, () => retimed(at, time)),
    ),
    sealed(`record ${at} with a mark`, () => RECORDS.with(at, change(RECORDS[at]!, { immutable: true }))),
    sealed(`record ${at} with the id of a snapshot`, () =>
      RECORDS.with(at, change(RECORDS[at]!, { snapshotId: 'x' })),
    ),
    claim(`a finding that record ${at} does not have`, () => ({
      findings: {
        counts: { 'hash-mismatch': 1, 'hash-missing': 0, 'hash-repeated': 0 },
        records: [{ kind: 'hash-mismatch', index: at, id: at.toString(16).padStart(24, '0') }],
      },
    })),
    [
      `record ${at} in the late snapshot, too`,
      async () => together([first, await lateSnapshot([RECORDS[at]!, auditRecords(1, 9)[0]!])]),
    ] as const,
  ]),
  ...[0, 1, 2].flatMap((at) => [
    claim(`chunk ${at} with one byte more`, () => chunkWith(at, ({ bytes }) => ({ bytes: bytes + 1 }))),
    claim(`chunk ${at} with another digest`, () => chunkWith(at, () => ({ sha256: 'a'.repeat(64) }))),
    claim(`chunk ${at} with another first id`, () =>
      chunkWith(at, (chunk) => ({ first: { ...chunk.first, id: 'f'.repeat(24) } })),
    ),
    claim(`chunk ${at} with another last id`, () =>
      chunkWith(at, (chunk) => ({ last: { ...chunk.last, id: 'f'.repeat(24) } })),
    ),
    claim(`chunk ${at} with a later first time`, () =>
      chunkWith(at, (chunk) => ({ first: { ...chunk.first, timestamp: later(chunk.first.timestamp, 1) } })),
    ),
    claim(`chunk ${at} with an earlier last time`, () =>
      chunkWith(at, (chunk) => ({ last: { ...chunk.last, timestamp: later(chunk.last.timestamp, -1) } })),
    ),
  ]),
  ...[1, 2, 8].map((recordCount) =>
    claim(`${recordCount} late records`, () => ({ late: { recordCount, snapshots: [] } })),
  ),
  ...['snap-job-0', 'snap-job-2', 'snap-job-3'].map((id) =>
    claim(`the earlier snapshot ${id}`, () => ({ late: { recordCount: 0, snapshots: [id] } })),
  ),
  ...[0, 1, 3].map((recordCount): Lie => [
    `${recordCount} of two late records`,
    async () =>
      together([
        first,
        await lateSnapshot(auditRecords(2, 8), { ...LATE, recordCount: Math.min(recordCount, 1) }),
      ]),
  ]),
  ...[11, 60, 24 * 60, 365 * 24 * 60].map((minutes) =>
    claim(`an opening ${minutes} minutes before the end of the window`, () => ({
      openedAt: later(first.manifest.window.to, -minutes * 60_000),
    })),
  ),
  ...[0, 1, 60_000].map((ms) =>
    claim(`a retention that ends ${ms} ms before the opening`, () => ({
      retention: { mode: 'COMPLIANCE', until: later(first.manifest.openedAt, -ms) },
    })),
  ),
  claim('another digest of the hashes', () => ({ logHashDigest: '0'.repeat(64) })),
  claim('another hash scheme and its findings', () => ({
    logHashScheme: 'opaque',
    logHashDigest: sha256Hex(Buffer.alloc(0)),
  })),
  claim('a key that the trust file does not have', () => ({ key: { ...first.manifest.key, version: 2 } })),
  ...['time', 'hash', 'immutable', 'snapshotId'].map((member) =>
    claim(`another name of the member ${member}`, () => ({
      source: {
        ...first.manifest.source,
        members: {
          ...first.manifest.source.members,
          [member]: member === 'time' || member === 'hash' ? 'none' : 'actor',
        },
      },
    })),
  ),
  [
    'no earlier snapshot',
    async () => together([first, await lateSnapshot(auditRecords(2, 8), { recordCount: 2, snapshots: [] })]),
  ],
  ['the ledger in another order', () => Promise.resolve(together([second, first]))],
  [
    'one snapshot twice in the ledger',
    () => Promise.resolve(together([first, second], [first, second, first].map(entry))),
  ],
  [
    'a snapshot that does not exist',
    () => Promise.resolve(together([first, second], [...[first, second].map(entry), foreign()])),
  ],
  ['a ledger without the first snapshot', () => Promise.resolve(together([first, second], [entry(second)]))],
  [
    'an entry with another manifest',
    () =>
      Promise.resolve(together([first, second], [entryOf(first.manifest, 'a'.repeat(64)), entry(second)])),
  ],
  [
    'an entry with another window',
    () => Promise.resolve(together([first, second], [otherWindow(), entry(second)])),
  ],
  [
    'an entry of an unknown type',
    () => Promise.resolve(together([first, second], [otherType(), entry(second)])),
  ],
  ['a signature over the manifest itself', () => Promise.resolve(otherSignature('job-1', ORIGIN))],
  ['a statement of another snapshot', () => Promise.resolve(otherSignature('snap-job-2', ORIGIN))],
  ['a statement of another origin', () => Promise.resolve(otherSignature('snap-job-1', 'other.example'))],
];
const ORIGIN = 'audit.example.org';

function foreign(): Buffer {
  return entryOf({ ...first.manifest, snapshotId: 'snap-job-9' }, 'b'.repeat(64));
}

function otherWindow(): Buffer {
  const { manifest, objects } = first;
  const window = { from: manifest.window.from, to: later(manifest.window.to, -1) };
  return entryOf({ ...manifest, window }, sha256Hex(objects.get(manifestKey('snap-job-1'))!));
}

function otherType(): Buffer {
  return canonicalJson({ ...(JSON.parse(entry(first).toString()) as object), type: 'deletion' });
}

function otherSignature(snapshotId: string, origin: string): Objects {
  const body = first.objects.get(manifestKey('snap-job-1'))!;
  const signature = signManifest({ origin, snapshotId }, body, KEY);
  return together([first, second]).set(manifestSignatureKey('snap-job-1'), signature);
}

const verdictOf = async (objects: Objects, pinned = trust) =>
  (await verifyEvidence(readerOf(objects), { trust: pinned, found: ['snap-job-1', 'snap-job-2'] })).report
    .verdict;

test('the honest evidence is VERIFIED, also by check.py', async () => {
  const objects = together([first, second]);
  expect(await verdictOf(objects)).toBe('VERIFIED');
  expect(runCheckProgram(objects, trust)).toBe('VERIFIED: 2 snapshots of audit.example.org');
});

test('of more than 200 signed falsehoods none is VERIFIED, and check.py agrees', async () => {
  expect(LIES.length).toBeGreaterThan(200);
  const believed: string[] = [];
  for (const [index, [what, make]] of LIES.entries()) {
    const objects = await make();
    if ((await verdictOf(objects)) === 'VERIFIED') believed.push(what);
    if (index % PROGRAM_SHARE > 0) continue;
    if (runCheckProgram(objects, trust).startsWith('VERIFIED')) believed.push(`check.py: ${what}`);
  }
  expect(believed).toEqual([]);
}, 240_000);

test.each([
  ['was in force later', new Date('2026-02-02T00:00:00.000Z'), undefined],
  ['was in force earlier', new Date(0), new Date('2026-01-31T12:00:00.000Z')],
])('evidence by a key that %s is not VERIFIED, and check.py agrees', async (_, createdAt, nextAt) => {
  const keys = [{ version: 1, publicKey: KEY.publicKey, createdAt }];
  if (nextAt) keys.push({ version: 2, publicKey: evidenceKey(2).publicKey, createdAt: nextAt });
  const pinned = makeTrustFile(ORIGIN, keys);
  const objects = together([first, second]);
  expect(await verdictOf(objects, pinned)).toBe('NOT VERIFIED');
  expect(runCheckProgram(objects, pinned)).toMatch(/^NOT VERIFIED: the key of snap-job-1/);
});
