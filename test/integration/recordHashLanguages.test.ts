import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { mongo } from 'mongoose';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { cutRecord, readRecord, recordHash } from '../../src/evidence/recordBytes';
import { findingOf } from '../../src/evidence/recordFinding';
import { connectDatabase } from '../../src/mongo/connection';
import { runCommand } from '../harness/commandLine';
import { readTrust } from '../harness/deployment';
import { FreshDatabases, type Connection } from '../harness/freshDatabase';
import { NATIVE_CASE } from '../harness/recordHashCases';
import {
  buildCheckProgram,
  LANGUAGES,
  runCheckProgram,
  type CheckProgram,
  type Language,
} from '../harness/recordHashPrograms';
import type { RecordHashVector } from '../harness/recordHashVectors';
import { Services } from '../harness/services';

const DOCS = resolve(__dirname, '../../docs');
const VECTORS_FILE = join(DOCS, 'reference/record-hash/vectors.json');
const { vectors } = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as { vectors: RecordHashVector[] };
const NATIVE = vectors.find(({ name }) => name === NATIVE_CASE)!;

/** Each is built once. */
const programs = new Map<Language, Promise<CheckProgram>>();

function programIn(language: Language): Promise<CheckProgram> {
  const program = programs.get(language) ?? buildCheckProgram(language);
  programs.set(language, program);
  return program;
}

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
    program = await programIn(language);
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

describe('a collection "events" with the time in "createdAt", written by three languages', () => {
  const WRITERS = ['Python', 'Go', 'Java'] as const;
  const services = new Services({ AUDIT_COLLECTION: 'events', AUDIT_TIME_MEMBER: 'createdAt' });
  const env = { ...process.env, ...services.env };
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-events-'));
  const trust = join(directory, 'trust.json');
  /** The ids of the records of each language, as the command line names them. */
  const written = new Map<Language, string[]>();
  let connection: Connection;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    await services.start();
    const { databaseName } = connection.db!;
    for (const language of WRITERS) {
      const args = ['entries', process.env['MONGODB_URI']!, databaseName, 'events', 'createdAt'];
      await runCheckProgram(await programIn(language), args);
      const known = [...written.values()].flat();
      const ids = (await events().find({}).project({ _id: 1 }).toArray()).map(({ _id }) => String(_id));
      written.set(
        language,
        ids.filter((id) => !known.includes(id)),
      );
    }
    writeFileSync(trust, JSON.stringify(await readTrust(env)));
  }, 600_000);
  afterAll(async () => {
    await services.stop();
    await connection.close();
  });

  const events = () => connection.collection('events');

  async function verifyLive(): Promise<{ code: number; drift: { records: number; drifts: object[] } }> {
    const { code, stdout } = await runCommand(env, 'verify', '--live', '--json', '--key', trust);
    return { code, drift: (JSON.parse(stdout) as { drift: never }).drift };
  }

  test('is sealed without a finding or a record that is left out, and its evidence is VERIFIED with the live log', async () => {
    const times = (await events().find({}).toArray()).map((event) => (event['createdAt'] as Date).getTime());
    expect(times).toHaveLength(9);
    const window = {
      from: new Date(Math.min(...times)).toISOString(),
      to: new Date(Math.max(...times)).toISOString(),
    };
    const job = await services.ended(await services.submit(window));
    expect(job).toMatchObject({
      status: 'succeeded',
      result: { recordCount: 9, findingCount: 0, conflictCount: 0, lateCount: 0 },
    });
    expect(Object.values(job.result!.leftOut!).every((count) => count === 0)).toBe(true);
    expect(await events().countDocuments({ immutable: true, snapshotId: job.result!.snapshotId })).toBe(9);
    await expect(verifyLive()).resolves.toMatchObject({ code: 0, drift: { records: 9, drifts: [] } });
  }, 120_000);

  test.each(WRITERS)(
    'has a proof of a record in %s, which a verifier of the file accepts',
    async (language) => {
      const proof = join(directory, `${language}.json`);
      const id = written.get(language)![0]!;
      const proved = await runCommand(env, 'prove', id, '--key', trust, '--out', proof);
      expect(proved).toMatchObject({ code: 0, stdout: expect.stringContaining(id) as string });
      // The file says which member is the time, so no setting is needed to verify it.
      const verified = await runCommand(process.env, 'verify', proof, '--key', trust);
      expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^VERIFIED$/m) as string });
    },
    60_000,
  );

  test('has drift for each record that is changed after it was sealed', async () => {
    const changed = WRITERS.map((language) => written.get(language)![1]!);
    for (const id of changed)
      await events().updateOne({ _id: new mongo.ObjectId(id) }, { $set: { actorId: 'user-8' } });
    const { code, drift } = await verifyLive();
    expect(code).toBe(3);
    const expected = changed.map(
      (recordId) => expect.objectContaining({ kind: 'altered', recordId }) as object,
    );
    expect(drift.drifts).toHaveLength(expected.length);
    expect(drift.drifts).toEqual(expect.arrayContaining(expected));
  }, 60_000);
});
