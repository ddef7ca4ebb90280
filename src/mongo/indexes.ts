import type { Connection, IndexOptions, mongo } from 'mongoose';
import { SnapshotError } from '../errors';
import { AUDIT_LOG, type RecordSourceNames } from '../evidence/recordMembers';
import { idempotencyKeyModel } from '../models/idempotencyKey.model';
import { jobModel } from '../models/job.model';
import { WORKER_MODELS } from '../models/workerModels';
import { onDatabase, serverCodeOf } from './errors';

const MODELS = [...WORKER_MODELS, idempotencyKeyModel];

type ModelOf = (typeof MODELS)[number];

/** One index that this product needs. */
export interface DeclaredIndex {
  readonly collection: string;
  /** Field names with their direction, in order. */
  readonly key: Readonly<Record<string, number>>;
  readonly unique: boolean;
  /** Seconds after which the server removes a document; undefined: never. */
  readonly expireAfterSeconds: number | undefined;
}

/** The state of a declared index in a database. */
export interface IndexState extends DeclaredIndex {
  /** `conflict`: an index of these keys exists and has other options. */
  readonly state: 'present' | 'missing' | 'conflict';
  /** The name of the existing index, which may be any; null without one. */
  readonly name: string | null;
}

type Existing = mongo.IndexDescriptionInfo;

const NAMESPACE_NOT_FOUND = 26;
/** Options that leave documents out, or compare text otherwise; such an index does not serve our queries. */
const NARROWING = ['partialFilterExpression', 'sparse', 'collation', 'hidden'];

/** The indexes of every collection of this product, as the models declare them. */
export function declaredIndexes(
  connection: Connection,
  source: RecordSourceNames = AUDIT_LOG,
  models: readonly ModelOf[] = MODELS,
): readonly DeclaredIndex[] {
  return models.flatMap((model) => {
    const { collection, schema } = model(connection, source);
    return schema.indexes().map(([key, options]) => declared(collection.name, key, options));
  });
}

function declared(collection: string, key: object, options: IndexOptions): DeclaredIndex {
  const { unique, expireAfterSeconds } = options;
  return {
    collection,
    key: Object.fromEntries(Object.entries(key).map(([field, direction]) => [field, Number(direction)])),
    unique: unique === true,
    expireAfterSeconds: typeof expireAfterSeconds === 'number' ? expireAfterSeconds : undefined,
  };
}

/** Compares the declared indexes with those of the database; only lists. DATABASE_*. */
export async function readIndexes(
  connection: Connection,
  source: RecordSourceNames = AUDIT_LOG,
  models: readonly ModelOf[] = MODELS,
): Promise<readonly IndexState[]> {
  const declarations = declaredIndexes(connection, source, models);
  const collections = [...new Set(declarations.map(({ collection }) => collection))];
  const existing = new Map<string, readonly Existing[]>();
  for (const name of collections) existing.set(name, await listIndexes(connection, name));
  return declarations.map((index) => stateOf(index, existing.get(index.collection) ?? []));
}

function listIndexes(connection: Connection, name: string): Promise<readonly Existing[]> {
  return onDatabase(`indexes of ${name}`, async () => {
    try {
      return await connection.collection(name).indexes();
    } catch (error) {
      // A collection that does not exist yet has none.
      if (serverCodeOf(error) === NAMESPACE_NOT_FOUND) return [];
      throw error;
    }
  });
}

function stateOf(index: DeclaredIndex, existing: readonly Existing[]): IndexState {
  const sameKey = existing.filter(({ key }) => JSON.stringify(key) === JSON.stringify(index.key));
  const fitting = sameKey.find((found) => fits(index, found));
  const [found = null] = fitting ? [fitting] : sameKey;
  const state = fitting ? 'present' : found ? 'conflict' : 'missing';
  return { ...index, state, name: found?.name ?? null };
}

function fits({ unique, expireAfterSeconds }: DeclaredIndex, found: Existing): boolean {
  const members = found as unknown as Readonly<Record<string, unknown>>;
  if (NARROWING.some((option) => members[option] !== undefined && members[option] !== false)) return false;
  return (found.unique === true) === unique && found.expireAfterSeconds === expireAfterSeconds;
}

/**
 * Creates the declared indexes that are missing, and returns what was created. An existing index of the same keys and
 * options counts under any name. INDEX_CONFLICT before the first is created, when one exists with other options. DATABASE_*.
 */
export async function createIndexes(
  connection: Connection,
  source: RecordSourceNames = AUDIT_LOG,
): Promise<readonly IndexState[]> {
  const states = await readIndexes(connection, source);
  const conflicts = states.filter(({ state }) => state === 'conflict');
  if (conflicts.length > 0) throw conflicting(conflicts);
  const missing = states.filter(({ state }) => state === 'missing');
  const created: IndexState[] = [];
  for (const index of missing) {
    const { collection, key, unique, expireAfterSeconds } = index;
    const options = {
      ...(unique ? { unique } : {}),
      ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
    };
    const name = await onDatabase(`creating the index ${describeIndex(index)}`, () =>
      connection.collection(collection).createIndex({ ...key }, options),
    );
    created.push({ ...index, state: 'present', name });
  }
  return created;
}

/** The models whose collections the processes use; each checks the indexes of these alone, and needs no right to others. */
const USED_BY = {
  worker: WORKER_MODELS,
  jobService: [jobModel, idempotencyKeyModel],
} as const;

/**
 * INDEXES_MISSING or INDEX_CONFLICT for a process that lacks indexes; the message names all of them and the command that
 * creates them. DATABASE_*.
 */
export async function requireIndexes(
  connection: Connection,
  process: keyof typeof USED_BY,
  source: RecordSourceNames = AUDIT_LOG,
): Promise<void> {
  const states = await readIndexes(connection, source, USED_BY[process]);
  const conflicts = states.filter(({ state }) => state === 'conflict');
  if (conflicts.length > 0) throw conflicting(conflicts);
  const missing = states.filter(({ state }) => state === 'missing');
  if (missing.length === 0) return;
  const message = `database ${connection.name} lacks the indexes ${missing.map(describeIndex).join(', ')}; create them with: audit-snapshot indexes create`;
  throw new SnapshotError('INDEXES_MISSING', message);
}

/** `collection: {"key":1}`, for messages. */
export function describeIndex({ collection, key, unique }: DeclaredIndex): string {
  return `${collection}: ${JSON.stringify(key)}${unique ? ' unique' : ''}`;
}

function conflicting(conflicts: readonly IndexState[]): SnapshotError {
  const all = conflicts.map((index) => `${index.name} of ${describeIndex(index)}`).join(', ');
  const message = `these indexes exist with other options (unique, expiry, partial, sparse, collation or hidden): ${all}; drop each in MongoDB, then run: audit-snapshot indexes create`;
  return new SnapshotError('INDEX_CONFLICT', message);
}
