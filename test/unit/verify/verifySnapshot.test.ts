import { splitRecords } from '../../../src/evidence/bsonStream';
import { unpackChunk } from '../../../src/evidence/chunk';
import { packChunk } from '../../../src/evidence/chunkPacker';
import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { parseManifest, type Manifest } from '../../../src/evidence/manifest';
import {
  chunkKey,
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
} from '../../../src/evidence/objectKeys';
import { readRecord } from '../../../src/evidence/recordBytes';
import { verifySnapshot, type SnapshotReport } from '../../../src/verify/verifySnapshot';
import { readerOf } from '../../harness/evidence';
import { flipBit } from '../../harness/flipBit';
import { sealEvidence, type SealedEvidence } from '../../harness/sealedEvidence';

type Objects = Map<string, Buffer>;

/** A sealed snapshot without the ledger. */
async function snapshotAlone(records: number): Promise<SealedEvidence> {
  const all = await sealEvidence(records);
  const objects = [...all.objects].filter(([key]) => key.startsWith('snapshots/'));
  return { ...all, objects: new Map(objects) };
}

let evidence: SealedEvidence;
let chunk: (index: number) => string;

beforeAll(async () => {
  evidence = await snapshotAlone(10);
  chunk = (index) => chunkKey(evidence.snapshotId, index);
});

function verify(objects: ReadonlyMap<string, Buffer>, trust = evidence.trust): Promise<SnapshotReport> {
  return verifySnapshot(readerOf(objects), { snapshotId: evidence.snapshotId, trust, maxFailures: 100 });
}

/** Verifies a changed copy of the evidence. */
async function verifyAfter(change: (objects: Objects) => void | Promise<void>): Promise<SnapshotReport> {
  const objects = new Map(evidence.objects);
  await change(objects);
  return verify(objects);
}

/** Packs a chunk again after a change to its records. */
async function repack(objects: Objects, index: number, change: (records: Buffer[]) => void): Promise<void> {
  const records = [...splitRecords(await unpackChunk(objects.get(chunk(index))!))].map((record) =>
    Buffer.from(record),
  );
  change(records);
  objects.set(chunk(index), await packChunk(records));
}

const manifest = (): Manifest => parseManifest(evidence.objects.get(manifestKey(evidence.snapshotId))!);

test('a sealed snapshot is VERIFIED, and each layer says how much it checked', async () => {
  const report = await verify(evidence.objects);
  expect(report).toMatchObject({ verdict: 'VERIFIED', key: 'pinned', recordCount: 10, failures: [] });
  expect(
    Object.fromEntries(report.layers.map(({ layer, passed, total }) => [layer, [passed, total]])),
  ).toEqual({
    manifest: [3, 3],
    signature: [3, 3],
    checkpoint: [1, 1],
    'stored bytes': [3, 3],
    chunks: [3, 3],
    records: [10, 10],
    'record hashes': [11, 11],
    roots: [4, 4],
    'log digest': [1, 1],
  });
});

test('the snapshot of a window without records is VERIFIED', async () => {
  const empty = await sealEvidence(0);
  const options = { snapshotId: empty.snapshotId, trust: empty.trust };
  await expect(verifySnapshot(readerOf(empty.objects), options)).resolves.toMatchObject({
    verdict: 'VERIFIED',
    recordCount: 0,
  });
});

test('a snapshot under a key that it claims itself is self-asserted and never VERIFIED', async () => {
  const options = { snapshotId: evidence.snapshotId, trust: undefined };
  await expect(verifySnapshot(readerOf(evidence.objects), options)).resolves.toMatchObject({
    verdict: 'INCOMPLETE',
    key: 'self-asserted',
    failures: [],
  });
});

test('a snapshot with one altered record is NOT VERIFIED, and the record is named with its chunk and index', async () => {
  let id = '';
  const report = await verifyAfter((objects) =>
    repack(objects, 1, (records) => {
      const record = records[2]!;
      ({ id } = readRecord(record));
      const at = record.indexOf('invoice.updated');
      record.write('I', at);
    }),
  );
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures).toContainEqual(
    expect.objectContaining({
      layer: 'record hashes',
      object: `record ${id} [chunk=${chunk(1)}, index=2]`,
      found: 'hash-mismatch',
    }),
  );
});

test.each<[string, (objects: Objects) => void | Promise<void>, string]>([
  ['one record missing', (objects) => repack(objects, 1, (records) => void records.splice(1, 1)), 'roots'],
  [
    'two records swapped',
    (objects) => repack(objects, 0, (records) => void records.splice(0, 2, records[1]!, records[0]!)),
    'roots',
  ],
  ['a record twice', (objects) => repack(objects, 0, (records) => void records.push(records[0]!)), 'chunks'],
  [
    'two chunks swapped',
    (objects) => {
      const [one, other] = [objects.get(chunk(0))!, objects.get(chunk(1))!];
      objects.set(chunk(0), other).set(chunk(1), one);
    },
    'stored bytes',
  ],
  [
    'a manifest that names other software',
    (objects) => {
      const altered = { ...manifest(), software: 'another' };
      objects.set(manifestKey(evidence.snapshotId), canonicalJson(altered));
    },
    'signature',
  ],
  [
    'the signature of another manifest',
    async (objects) => {
      const other = await evidence.signer.sign(Buffer.from('another manifest'), 1);
      objects.set(manifestSignatureKey(evidence.snapshotId), Buffer.from(other.toString('base64')));
    },
    'signature',
  ],
  [
    'the checkpoint of another tree size',
    (objects) => {
      const key = snapshotCheckpointKey(evidence.snapshotId);
      objects.set(key, Buffer.from(objects.get(key)!.toString().replace('\n10\n', '\n11\n')));
    },
    'checkpoint',
  ],
])('a snapshot with %s is NOT VERIFIED', async (_, change, layer) => {
  const report = await verifyAfter(change);
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures.map((failure) => failure.layer)).toContain(layer);
});

test('a snapshot that was sealed under another key is NOT VERIFIED with the pinned one', async () => {
  const forged = await sealEvidence(10);
  const report = await verify(forged.objects);
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures[0]).toMatchObject({ layer: 'signature', kind: 'invalid' });
});

test('a snapshot is NOT VERIFIED with the trust file of another origin', async () => {
  const trust = { ...evidence.trust, origin: 'other.example.org/log' };
  await expect(verify(evidence.objects, trust)).resolves.toMatchObject({ verdict: 'NOT VERIFIED' });
});

test('a snapshot without any one of its objects is INCOMPLETE, and the object is named', async () => {
  for (const key of evidence.objects.keys()) {
    const report = await verifyAfter((objects) => void objects.delete(key));
    expect([key, report.verdict]).toEqual([key, 'INCOMPLETE']);
    expect(report.failures).toContainEqual(expect.objectContaining({ kind: 'missing', object: key }));
  }
});

test('a snapshot with one flipped bit in any byte of any object is NOT VERIFIED', async () => {
  const small = await snapshotAlone(2);
  const options = { snapshotId: small.snapshotId, trust: small.trust };
  let flips = 0;
  for (const [key, body] of small.objects) {
    for (let at = 0; at < body.length; at++) {
      const altered = flipBit(body, at * 8 + (at % 8));
      const { verdict } = await verifySnapshot(
        readerOf(new Map([...small.objects, [key, altered]])),
        options,
      );
      if (verdict !== 'NOT VERIFIED') throw new Error(`${key}: bit ${at % 8} of byte ${at}: ${verdict}`);
      flips++;
    }
  }
  expect(flips).toBeGreaterThan(1_500);
});

test('a snapshot with an object cut off at any length is NOT VERIFIED', async () => {
  const small = await snapshotAlone(1);
  const options = { snapshotId: small.snapshotId, trust: small.trust };
  for (const [key, body] of small.objects) {
    for (let length = 0; length < body.length; length += 3) {
      const objects = new Map([...small.objects, [key, body.subarray(0, length)]]);
      const { verdict } = await verifySnapshot(readerOf(objects), options);
      expect([key, length, verdict]).toEqual([key, length, 'NOT VERIFIED']);
    }
  }
});

test('a failure to read is thrown, and never taken for tampering', async () => {
  const reader = { read: () => Promise.reject(new Error('the network is down')) };
  const options = { snapshotId: evidence.snapshotId, trust: evidence.trust };
  await expect(verifySnapshot(reader, options)).rejects.toThrow('the network is down');
});
