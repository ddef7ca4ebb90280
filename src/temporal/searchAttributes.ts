import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/searchAttributes';
import { toTemporalError } from './errors';

/** `IndexedValueType` of Temporal's API. */
const VALUE_TYPES = { Keyword: 2, Int: 3, Datetime: 6 } as const;

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

/** Search attributes that the namespace lacks, or has with another type, as name and expected type. */
export async function missingSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly (readonly [string, keyof typeof VALUE_TYPES])[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES).filter(
    ([name, type]) => Number(customAttributes[name]) !== VALUE_TYPES[type],
  );
}
