import type { Connection } from 'mongoose';
import { SnapshotError } from '../errors';
import { AUDIT_LOG, type RecordSourceNames } from '../evidence/recordMembers';
import { WORKER_MODELS } from '../models/workerModels';
import { onDatabase } from './errors';

interface Options {
  readonly capped?: boolean;
  readonly collation?: { readonly locale?: string };
}

/**
 * DATABASE_FAILED for a collection that exists and is of another kind: a capped one drops old documents, a time-series
 * collection and a view cannot be marked, and a default collation compares and orders ids by other rules than the evidence
 * does, and reserves one window under two names. It needs the right `listCollections`.
 */
export async function requireOrdinaryCollections(
  connection: Connection,
  source: RecordSourceNames = AUDIT_LOG,
): Promise<void> {
  const names = WORKER_MODELS.map((model) => model(connection, source).collection.name);
  const found = await onDatabase(
    `collections of ${connection.name}`,
    async () => (await connection.db?.listCollections({ name: { $in: names } }).toArray()) ?? [],
  );
  for (const { name, type = 'collection', ...more } of found) {
    const { options = {} } = more as { readonly options?: Options };
    const kind = unsupportedKind(type, options);
    if (kind === undefined) continue;
    const message = `${name} is ${kind}; nothing was signed, copy it into an ordinary collection (docs/mongodb.md)`;
    throw new SnapshotError('DATABASE_FAILED', message);
  }
}

function unsupportedKind(type: string, { capped, collation }: Options): string | undefined {
  if (capped === true) return 'a capped collection, which drops its oldest documents';
  if (type !== 'collection') return `a ${type}, in which records cannot be kept and marked`;
  const { locale = 'simple' } = collation ?? {};
  return locale === 'simple'
    ? undefined
    : `a collection with a default collation (${locale}), which orders ids differently`;
}
