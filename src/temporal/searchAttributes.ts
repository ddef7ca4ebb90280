import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/searchAttributes';
import { SnapshotError } from '../errors';
import { GRPC_STATUS, grpcStatusOf, toTemporalError } from './errors';

/** `IndexedValueType` of Temporal's API. */
const VALUE_TYPES = { Keyword: 2, Int: 3, Datetime: 6 } as const;

/** A search attribute by name and type. */
export type SearchAttribute = readonly [name: string, type: keyof typeof VALUE_TYPES];

/** Registers the search attributes that the namespace lacks; one that exists with another type is left alone. TEMPORAL_*. */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, VALUE_TYPES[type]]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    throw toTemporalError(`search attributes of namespace ${namespace}`, error);
  }
}

/** Search attributes that the namespace lacks, or has with another type. TEMPORAL_*. */
async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly SearchAttribute[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.entries(SEARCH_ATTRIBUTES).filter(
      ([name, type]) => Number(customAttributes[name]) !== VALUE_TYPES[type],
    );
  } catch (error) {
    throw toTemporalError(`search attributes of namespace ${namespace}`, error);
  }
}

/**
 * Ends the start of a worker on a namespace that lacks a search attribute: its first run would fail its workflow task for
 * ever. Returns a warning where a server does not let this process list them. SEARCH_ATTRIBUTES_MISSING, TEMPORAL_*.
 */
export async function requireSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly string[]> {
  const missing = await missingIfListed(connection, namespace);
  if (missing === undefined) {
    const names = Object.keys(SEARCH_ATTRIBUTES).join(', ');
    return [
      `Temporal does not let this process list the search attributes of namespace ${namespace}; without ${names}, runs do not proceed`,
    ];
  }
  if (missing.length === 0) return [];
  const names = missing.map(([name, type]) => `${name} (${type})`).join(', ');
  const message = `namespace ${namespace} lacks the search attributes ${names}, or has them with another type; register them with: audit-snapshot doctor --fix, or: ${registerCommand(namespace, missing)}`;
  throw new SnapshotError('SEARCH_ATTRIBUTES_MISSING', message);
}

/** As `missingSearchAttributes`; undefined where the server does not let this process list them. TEMPORAL_*. */
export async function missingIfListed(
  connection: Connection,
  namespace: string,
): Promise<readonly SearchAttribute[] | undefined> {
  try {
    return await missingSearchAttributes(connection, namespace);
  } catch (error) {
    // The operator service may be closed to clients, as on managed servers.
    if (!LISTING_DENIED.includes(grpcStatusOf(error) ?? 0)) throw error;
    return undefined;
  }
}

const LISTING_DENIED: readonly number[] = [GRPC_STATUS.PERMISSION_DENIED, GRPC_STATUS.UNIMPLEMENTED];

/** The command of Temporal's own command line that registers these attributes. */
export function registerCommand(namespace: string, missing: readonly SearchAttribute[]): string {
  const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
  return `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
}
