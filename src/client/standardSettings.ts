import type { TemporalAddress } from '../temporal/connection';
import { SnapshotError } from '../errors';

/**
 * The address and credentials in the standard variables of Temporal's tools, such as TEMPORAL_ADDRESS and TEMPORAL_API_KEY,
 * and in their profile file. CONFIG_INVALID without an address.
 */
export async function readStandardSettings(): Promise<TemporalAddress> {
  // Loaded here, so that a caller who passes an address does not need this package.
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const { namespace = 'default', connectionOptions } = loadClientConnectConfig();
  const { address, tls, apiKey } = connectionOptions;
  if (address === undefined || address === '')
    throw new SnapshotError(
      'CONFIG_INVALID',
      'no address of Temporal: pass address, or set TEMPORAL_ADDRESS',
    );
  return { address, namespace, tls, apiKey, metadata: metadataOf(connectionOptions.metadata) };
}

/** Headers with text values; gRPC's binary headers are not among the settings. */
function metadataOf(metadata: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const texts = Object.entries(metadata).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
