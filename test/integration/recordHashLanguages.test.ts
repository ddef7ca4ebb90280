import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cutRecord, readRecord, recordHash } from '../../src/evidence/recordBytes';
import { findingOf } from '../../src/evidence/recordFinding';
import { FreshDatabases, type Connection } from '../harness/freshDatabase';
import { NATIVE_CASE } from '../harness/recordHashCases';
import {
  buildCheckProgram,
  LANGUAGES,
  runCheckProgram,
  type CheckProgram,
} from '../harness/recordHashPrograms';
import type { RecordHashVector } from '../harness/recordHashVectors';

const DOCS = resolve(__dirname, '../../docs');
const VECTORS_FILE = join(DOCS, 'reference/record-hash/vectors.json');
const { vectors } = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as { vectors: RecordHashVector[] };
const NATIVE = vectors.find(({ name }) => name === NATIVE_CASE)!;

/** The table of docs/record-hash.md: which vectors change by being decoded and encoded again, by language. */
function changedByPage(language: string): string[] {
  const rows = readFileSync(join(DOCS, 'record-hash.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const column = rows[0]!.indexOf(language);
  return rows.filter((cells) => cells[column] === 'changed').map((cells) => cells[1]!);
}

describe.each(LANGUAGES)('the reference code in %s', (language) => {
  const databases = new FreshDatabases();
  let program: CheckProgram;
  beforeAll(async () => {
    program = await buildCheckProgram(language);
  }, 600_000);
  afterAll(() => databases.close());

  test('computes the hash of every vector, and loses in decoding exactly what docs/record-hash.md says', async () => {
    const changed = changedByPage(language);
    expect(changed.length).toBeGreaterThan(2);
    const expected = vectors.map(({ name }) => `OK\t${changed.includes(name) ? 'changed' : 'same'}\t${name}`);
    expect(await runCheckProgram(program, ['vectors', VECTORS_FILE])).toEqual(expected);
  });

  test('reports each vector whose hash or record was changed', async () => {
    const [first, second, third] = vectors as [RecordHashVector, RecordHashVector, RecordHashVector];
    const file = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-vectors-')), 'vectors.json');
    const forged = [{ ...first, hash: second.hash }, second, { ...third, bsonHex: first.bsonHex }];
    writeFileSync(file, JSON.stringify({ vectors: forged }));
    const lines = await runCheckProgram(program, ['vectors', file]);
    expect(lines.map((line) => line.split('\t')[0])).toEqual(['MISMATCH', 'OK', 'MISMATCH']);
  });

  test('inserts records of native types whose stored hash is the one the product computes', async () => {
    const records = await insertedRecords(await databases.connect());
    expect(records).toHaveLength(4);
    for (const bytes of records) {
      const { hashText } = readRecord(bytes);
      expect(hashText?.toString()).toBe(recordHash(cutRecord(bytes)));
      expect(findingOf(readRecord(bytes), 'bson-sha256/v1')).toBeUndefined();
    }
    const native = records.find((bytes) => readRecord(bytes).hashText?.toString() === NATIVE.hash);
    expect(native?.toString('hex')).toBe(NATIVE.bsonHex);
  });

  test('inserts records whose hash still fits after marking, and no longer fits after a change', async () => {
    const connection = await databases.connect();
    await insertedRecords(connection);
    const log = connection.collection('auditlogs');
    const faults = async () =>
      (await rawRecords(connection)).map((bytes) => findingOf(readRecord(bytes), 'bson-sha256/v1'));
    await log.updateMany({ immutable: false }, { $set: { immutable: true, snapshotId: 'snap-day' } });
    expect(await faults()).toEqual([undefined, undefined, undefined, undefined]);
    await log.updateMany({}, { $set: { actorId: 'user-8' } });
    expect(await faults()).toEqual(Array.from({ length: 4 }, () => 'hash-mismatch'));
  });

  async function insertedRecords(connection: Connection): Promise<Buffer[]> {
    const { databaseName } = connection.db!;
    const args = ['insert', process.env['MONGODB_URI']!, databaseName, 'auditlogs'];
    expect(await runCheckProgram(program, args)).toEqual(['inserted 4']);
    return rawRecords(connection);
  }
});

async function rawRecords(connection: Connection): Promise<Buffer[]> {
  const records = await connection.collection('auditlogs').find<Buffer>({}, { raw: true }).toArray();
  return records.map((bytes) => Buffer.from(bytes));
}
