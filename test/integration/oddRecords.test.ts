import { mongo, type Connection } from 'mongoose';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig } from '../../src/config';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { parseManifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { cutRecord, readRecord } from '../../src/evidence/recordBytes';
import { sha256Hex } from '../../src/tlog/sha256';
import { verifySnapshot } from '../../src/verify/verifySnapshot';
import { readTrust } from '../harness/deployment';
import { Services } from '../harness/services';
import { insertRaw } from '../harness/rawRecords';

const { BSON, ObjectId, Binary } = mongo;
const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const MIB = 1024 * 1024;

/** The bytes of an unsealed record of the day with further elements. */
function record(second: number, ...elements: Uint8Array[]): Buffer {
  const timestamp = new Date(Date.parse(DAY.from) + second * 1000);
  const head = BSON.serialize({ _id: new ObjectId(), timestamp }).subarray(4, -1);
  const tail = BSON.serialize({ immutable: false }).subarray(4);
  const bytes = Buffer.concat([Buffer.alloc(4), head, ...elements, tail]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}

const elementsOf = (members: object) => BSON.serialize(members).subarray(4, -1);

function text(name: string, value: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32LE(value.length + 1);
  return Buffer.concat([Buffer.of(2), Buffer.from(`${name}\0`), size, value, Buffer.of(0)]);
}

function farDate(): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigInt64LE(2n ** 62n);
  return Buffer.concat([Buffer.of(9), Buffer.from('when\0'), value]);
}

function nested(levels: number): object {
  let value: object = { end: true };
  for (let level = 0; level < levels; level++) value = { n: value };
  return value;
}

const UNUSUAL: readonly (readonly [string, Buffer])[] = [
  ['no hash', record(1)],
  ['a hash that is not a string', record(2, elementsOf({ hash: 5 }))],
  ['a hash that does not match', record(3, elementsOf({ hash: 'f'.repeat(64) }))],
  ['dotted and $ keys', record(4, elementsOf({ 'a.b': 1, $c: { $d: 2 } }))],
  ['a date out of range', record(5, farDate())],
  ['90 levels', record(6, elementsOf(nested(90)))],
  ['nearly 16 MiB', record(7, elementsOf({ large: new Binary(Buffer.alloc(16 * MIB - 4096, 7)) }))],
  ['invalid UTF-8', record(8, text('note', Buffer.from([0xff, 0xfe, 0x41])))],
  ['repeated keys', record(9, elementsOf({ note: 1 }), elementsOf({ note: 2 }))],
];

const digests = (records: Iterable<Buffer>) =>
  [...records].map((bytes) => sha256Hex(cutRecord(bytes))).toSorted();

describe('a window of unusual records', () => {
  const services = new Services();
  const store = connectObjectStore(readStorageConfig({ ...process.env, ...services.env }));
  const stored = new Map<string, Buffer>();
  const refused: string[] = [];
  let connection: Connection;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    await services.start();
    for (const [kind, bytes] of UNUSUAL) {
      await insertRaw(connection, 'auditlogs', [bytes]).catch(() => refused.push(kind));
    }
    const cursor = connection.collection('auditlogs').find<Buffer>({}, { raw: true });
    for await (const bytes of cursor) stored.set(readRecord(bytes).id, Buffer.from(bytes));
  }, 120_000);

  afterAll(async () => {
    await services.stop();
    await connection.close();
  });

  test('the server accepts every unusual record, except invalid UTF-8 on some servers', () => {
    expect([[], ['invalid UTF-8']]).toContainEqual(refused);
  });

  test('unusual records are sealed byte for byte, marked and VERIFIED', async () => {
    const count = stored.size;
    expect(count).toBe(UNUSUAL.length - refused.length);
    const job = await services.ended(await services.submit(DAY));
    expect(job).toMatchObject({ status: 'succeeded', result: { recordCount: count, conflictCount: 0 } });
    const { snapshotId, findingCount } = job.result!;
    expect(findingCount).toBe(count);

    const manifest = parseManifest((await store.get(manifestKey(snapshotId), MIB))!.body);
    const sealed: Buffer[] = [];
    for (const { key } of manifest.chunks) {
      const { body } = (await store.get(key, 64 * MIB))!;
      sealed.push(...splitRecords(await unpackChunk(body)));
    }
    expect(digests(sealed)).toEqual(digests(stored.values()));
    const marked = await connection.collection('auditlogs').countDocuments({ immutable: true, snapshotId });
    expect(marked).toBe(count);

    const trust = await readTrust({ ...process.env, ...services.env });
    const report = await verifySnapshot(bucketReader(store), { snapshotId, trust });
    expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  }, 120_000);
});
