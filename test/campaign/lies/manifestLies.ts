import { createHash } from 'node:crypto';
import type { Manifest } from '../../../src/evidence/manifest';
import { snapshotOrigin } from '../../../src/evidence/objectKeys';
import { vkeyOf } from '../../../src/tlog/note';
import { about, inManifest, type Lie } from './lie';
import { FIRST_KEY, SECOND_KEY, STRANGE_KEY } from './trueLedger';

const SEALED = ['job-1', 'job-2', 'job-3', 'job-4'] as const;
const ALL = [...SEALED, 'job-5'] as const;
const OTHER_HASH = createHash('sha256').update('other').digest();

/** Lies that the manifest tells over honest chunks, and lies in what is signed about it. */
export function* manifestLies(): Generator<Lie> {
  for (const jobId of SEALED) yield* chunkLies(jobId);
  for (const jobId of ALL) {
    yield* summaryLies(jobId);
    yield* lateLies(jobId);
    yield* timeOfSealingLies(jobId);
    yield* keyLies(jobId);
    yield* statementLies(jobId);
  }
  yield* windowLies();
}

function* chunkLies(jobId: string): Generator<Lie> {
  for (const which of ['first', 'last'] as const)
    for (const [name, edit] of chunkEdits())
      yield inManifest('counts', jobId, `its ${which} chunk ${name}`, ({ chunks }) =>
        edit(which === 'first' ? chunks[0]! : chunks.at(-1)!),
      );
}

type Chunk = { -readonly [Member in keyof Manifest['chunks'][number]]: Manifest['chunks'][number][Member] };

function chunkEdits(): [string, (chunk: Chunk) => void][] {
  return [
    ['has one byte more', (chunk) => void chunk.bytes++],
    ['has one byte less', (chunk) => void chunk.bytes--],
    ['has one record more', (chunk) => void chunk.count++],
    ['has one record less', (chunk) => void chunk.count--],
    ['has another digest', (chunk) => void (chunk.sha256 = OTHER_HASH.toString('hex'))],
    ['has another first id', (chunk) => void (chunk.first = { ...chunk.first, id: '0'.repeat(24) })],
    ['has another last id', (chunk) => void (chunk.last = { ...chunk.last, id: 'f'.repeat(24) })],
    ['has a first time that is later', (chunk) => void (chunk.first = later(chunk.first))],
    ['has a last time that is later', (chunk) => void (chunk.last = later(chunk.last))],
    ['has another Merkle node', (chunk) => void (chunk.nodes = [OTHER_HASH.toString('base64')])],
  ];
}

function later(position: Manifest['chunks'][number]['first']): Manifest['chunks'][number]['first'] {
  return { ...position, timestamp: new Date(Date.parse(position.timestamp) + 1).toISOString() };
}

function* summaryLies(jobId: string): Generator<Lie> {
  const lie = (name: string, edit: (manifest: Manifest) => void) => inManifest('summary', jobId, name, edit);
  yield lie('one record more', (manifest) => void manifest.recordCount++);
  yield lie('another root', (manifest) => void (manifest.root = OTHER_HASH.toString('base64')));
  yield lie('another log-hash digest', (manifest) => {
    manifest.logHashDigest = OTHER_HASH.toString('hex');
  });
  yield lie('one finding more', ({ findings }) => {
    findings.counts['hash-mismatch']++;
  });
  yield lie('a false finding', ({ findings }) => {
    findings.counts['hash-missing']++;
    findings.records.unshift({ kind: 'hash-missing', index: 0, id: '0'.repeat(24) });
  });
  if (jobId !== 'job-4') return;
  yield lie('findings kept silent', (manifest) => {
    manifest.findings = {
      counts: { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 },
      records: [],
    };
  });
  yield lie('a finding of another kind', ({ findings: { counts, records } }) => {
    counts['hash-missing']++;
    counts['hash-mismatch']--;
    records[0]!.kind = 'hash-missing';
  });
  yield lie('a finding about another record', ({ findings: { records } }) => {
    records[0]!.id = '0'.repeat(24);
  });
  yield lie('a finding at another index', ({ findings: { records } }) => void records[0]!.index--);
  yield lie('hashes that are not checked', (manifest) => void (manifest.logHashScheme = 'opaque'));
}

function* lateLies(jobId: string): Generator<Lie> {
  const lie = (name: string, edit: (late: Manifest['late']) => void) =>
    inManifest('late', jobId, name, ({ late }) => edit(late));
  if (jobId !== 'job-3') {
    yield lie('names a snapshot that it does not overlap', (late) => {
      late.snapshots = [jobId === 'job-5' ? 'snap-job-4' : 'snap-job-5'];
    });
    yield lie('one late record', (late) => void (late.recordCount = 1));
    yield lie('names a snapshot that does not exist', (late) => void (late.snapshots = ['snap-nobody']));
    return;
  }
  yield lie('no late records', (late) => Object.assign(late, { recordCount: 0, snapshots: [] }));
  yield lie('no late records, but snapshots', (late) => void (late.recordCount = 0));
  yield lie('one late record less', (late) => void late.recordCount--);
  yield lie('one late record more', (late) => void late.recordCount++);
  yield lie('one snapshot less', (late) => void late.snapshots.pop());
  yield lie('one snapshot more', (late) => void late.snapshots.push('snap-job-5'));
}

function shift(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}

function* timeOfSealingLies(jobId: string): Generator<Lie> {
  const lie = (name: string, edit: (manifest: Manifest) => void) => inManifest('sealing', jobId, name, edit);
  yield lie('opened when its window began', (manifest) => void (manifest.openedAt = manifest.window.from));
  yield lie('opened an hour before the end of its window', (manifest) => {
    manifest.openedAt = shift(manifest.window.to, -3_600_000);
  });
  yield lie('opened a year before', (manifest) => void (manifest.openedAt = '2025-02-01T00:00:00.000Z'));
  yield lie('retention that ends at opening', (manifest) => {
    manifest.retention = { ...manifest.retention, until: manifest.openedAt };
  });
  yield lie('retention that ended before', (manifest) => {
    manifest.retention = { ...manifest.retention, until: '2020-01-01T00:00:00.000Z' };
  });
  yield lie('a timestamp that does not exist', (manifest) => void (manifest.timestamp = 'rfc3161'));
  yield lie('another origin', (manifest) => void (manifest.origin = 'other.example.org'));
}

function* keyLies(jobId: string): Generator<Lie> {
  const isFirst = jobId <= 'job-3';
  const [own, other] = isFirst ? [FIRST_KEY, SECOND_KEY] : [SECOND_KEY, FIRST_KEY];
  const otherVersion = isFirst ? 2 : 1;
  yield about('key', jobId, 'a key that was not in force', (snapshot) => {
    Object.assign(snapshot, { key: other, keyVersion: otherVersion });
  });
  yield about('key', jobId, 'the other key under its own version', (snapshot) => void (snapshot.key = other));
  yield about('key', jobId, 'its key under the other version', (snapshot) => {
    snapshot.keyVersion = otherVersion;
  });
  yield about('key', jobId, 'signed by the other key', (snapshot) => void (snapshot.signedBy = other));
  yield about('key', jobId, 'signed by a strange key', (snapshot) => void (snapshot.signedBy = STRANGE_KEY));
  yield about('key', jobId, 'a strange key under its own version', (snapshot) => {
    snapshot.key = STRANGE_KEY;
  });
  yield about('key', jobId, 'a strange key under a version that nobody knows', (snapshot) => {
    Object.assign(snapshot, { key: STRANGE_KEY, keyVersion: 7 });
  });
  yield inManifest('key', jobId, 'a verifier key with another name', (manifest) => {
    const name = snapshotOrigin('other.example.org', manifest.snapshotId);
    manifest.key = { ...manifest.key, vkey: vkeyOf(name, own.publicKey) };
  });
}

function* statementLies(jobId: string): Generator<Lie> {
  const lie = (name: string, edit: (lines: string[]) => string[]) =>
    about('statement', jobId, name, (snapshot) => {
      snapshot.state = (statement) => Buffer.from(edit(statement.toString().split('\n')).join('\n'));
    });
  yield lie('without its last newline', (lines) => lines.slice(0, -1));
  yield lie('of another format', ([, ...rest]) => ['audit-snapshot/manifest/v2', ...rest]);
  yield lie('of another origin', ([format, , ...rest]) => [format!, 'other.example.org', ...rest]);
  yield lie('of another snapshot', ([format, origin, , ...rest]) => [
    format!,
    origin!,
    'snap-job-9',
    ...rest,
  ]);
  yield lie('of another manifest', ([format, origin, id]) => [
    format!,
    origin!,
    id!,
    OTHER_HASH.toString('hex'),
    '',
  ]);
  yield about('statement', jobId, 'the manifest itself is signed', (snapshot) => {
    snapshot.state = (_statement, manifest) => manifest;
  });
  yield about('checkpoint', jobId, 'of another size', (snapshot) => {
    snapshot.head = (head) => ({ ...head, size: head.size + 1 });
  });
  yield about('checkpoint', jobId, 'of another root', (snapshot) => {
    snapshot.head = (head) => ({ ...head, root: OTHER_HASH });
  });
  yield about('checkpoint', jobId, 'of another snapshot', (snapshot) => {
    snapshot.head = (head) => ({ ...head, origin: snapshotOrigin(snapshot.origin, 'snap-job-9') });
  });
}

function* windowLies(): Generator<Lie> {
  const windows = [
    ['job-1', '2026-01-31T00:02:00.000Z', '2026-01-31T23:59:59.999Z', 'begins after its first record'],
    ['job-1', '2026-01-31T00:00:00.000Z', '2026-01-31T00:11:59.999Z', 'ends before its last record'],
    ['job-2', '2026-02-01T00:01:00.001Z', '2026-02-01T23:59:59.999Z', 'begins after its first record'],
    ['job-2', '2026-02-02T00:00:00.000Z', '2026-02-02T23:59:59.999Z', 'is another day'],
    ['job-3', '2026-01-31T10:30:00.000Z', '2026-02-02T23:59:59.999Z', 'begins after its first record'],
    ['job-4', '2026-02-10T00:00:00.000Z', '2026-02-10T23:59:59.999Z', 'is the day before'],
    ['job-5', '2026-02-13T00:00:00.000Z', '2026-02-14T23:59:59.999Z', 'has not ended'],
    ['job-5', '2026-02-12T23:59:59.999Z', '2026-02-12T00:00:00.000Z', 'ends before it begins'],
  ] as const;
  for (const [jobId, from, to, name] of windows)
    yield about('window', jobId, `its window ${name}`, (snapshot) => void (snapshot.window = { from, to }));
}
