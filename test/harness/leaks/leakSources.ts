import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { mongo } from 'mongoose';
import { readTemporalConfig } from '../../../src/config';
import { connectTemporal } from '../../../src/temporal/connection';
import { readHistory, type RunId } from './histories';

/** Every kind of place that is searched; the control is in each of them. */
export const KINDS = [
  'output',
  'server log',
  'arguments',
  'history',
  'Temporal store',
  'database row',
  'stored object',
] as const;
export type Kind = (typeof KINDS)[number];

/** Something that the suite or the product wrote. */
export interface Source {
  readonly kind: Kind;
  readonly name: string;
  readonly bytes: Buffer;
}

const CONCURRENCY = 8;
const MAX_UNPACKED_BYTES = 1 << 26;
/** The content of a log belongs to its application; of the product are only these entries. */
const LOG = { name: 'auditlogs', filter: { action: 'snapshot.created' } };

/** What the processes of the run printed, and the logs of the servers. */
export function* readOutputs(runDirectory: string, stackDirectory: string): Generator<Source> {
  yield* filesBelow('output', join(runDirectory, 'output'));
  yield* filesBelow('server log', join(stackDirectory, 'logs'));
}

/** The stored objects, unpacked, and the files of Temporal's database. Only of embedded servers. */
export function* readStores(stackDirectory: string): Generator<Source> {
  for (const source of filesBelow('stored object', join(stackDirectory, 'storage')))
    // Those of the server itself.
    if (!source.name.endsWith('.json') || source.name.includes('/buckets/')) yield source;
  yield* filesBelow('Temporal store', join(stackDirectory, 'temporal'));
}

export function* filesBelow(kind: Kind, directory: string): Generator<Source> {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const name = join(entry.parentPath, entry.name);
    yield { kind, name, bytes: unpacked(readFileSync(name)) };
  }
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    // Evidence that a test has damaged.
    return bytes;
  }
}

/** The objects of one bucket of an embedded server. */
export function readBucket(stackDirectory: string, bucket: string): Generator<Source> {
  return filesBelow('stored object', join(stackDirectory, 'storage', 'buckets', bucket));
}

/** The arguments of a process. */
export function argumentsOf(text: string): Source {
  return { kind: 'arguments', name: text.slice(0, 60), bytes: Buffer.from(text) };
}

/** The decoded histories of all runs that the default namespace has, or of those that the query names. */
export async function* readHistories(query?: string): AsyncGenerator<Source> {
  await using temporal = await connectTemporal(readTemporalConfig());
  const { client } = temporal;
  const runs: RunId[] = [];
  for await (const run of client.workflow.list(query === undefined ? {} : { query })) runs.push(run);
  for (let first = 0; first < runs.length; first += CONCURRENCY) {
    const batch = runs.slice(first, first + CONCURRENCY);
    const texts = await Promise.all(batch.map((run) => tryThrice(() => readHistory(client, run))));
    for (const [index, text = ''] of texts.entries())
      yield { kind: 'history', name: batch[index]!.workflowId, bytes: Buffer.from(text) };
  }
}

/** A busy machine may answer too late. */
async function tryThrice<T>(read: () => Promise<T>): Promise<T> {
  return read().catch(() => read().catch(read));
}

/** The documents of all databases, as BSON. */
export async function* readRows(uri: string): AsyncGenerator<Source> {
  const client = new mongo.MongoClient(uri, { runtimeAdapters: { os: await import('node:os') } });
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    for (const { name } of databases)
      if (!['admin', 'local', 'config'].includes(name)) yield* rowsOf(client.db(name));
  } finally {
    await client.close();
  }
}

async function* rowsOf(database: mongo.Db): AsyncGenerator<Source> {
  for (const { name, type } of await database.listCollections({}, { nameOnly: true }).toArray()) {
    if (type === 'view' || name.startsWith('system.')) continue;
    const filter = name === LOG.name ? LOG.filter : {};
    const rows = await database.collection(name).find(filter, { raw: true }).toArray();
    const bytes = Buffer.concat(rows as unknown as Buffer[]);
    yield { kind: 'database row', name: `${database.databaseName}.${name}`, bytes };
  }
}
