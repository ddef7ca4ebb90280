import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { readVaultConfig } from './config';
import type { TemporalConfig } from './config/temporal';
import { connectTemporal, type TemporalConnection } from './temporal/connection';
import { openPayloadCodec, parsePayloadKeys } from './temporal/payloadCodec';

/** A connection whose client encrypts payloads, if that is configured. */
export interface ConfiguredTemporal extends TemporalConnection {
  /** For workers on this namespace, and for the codec endpoint; undefined: payloads are not encrypted. */
  readonly payloadCodec: PayloadCodec | undefined;
}

/**
 * Connects as configured, for every process; `interceptor` continues a trace in what the client starts. TEMPORAL_*,
 * CONFIG_INVALID; with encryption also SIGNER_*.
 */
export async function openConfiguredTemporal(
  config: TemporalConfig,
  interceptor?: WorkflowClientInterceptor,
): Promise<ConfiguredTemporal> {
  const payloadCodec = config.codecSecret === undefined ? undefined : await openCodec(config.codecSecret);
  return { ...(await connectTemporal({ ...config, payloadCodec, interceptor })), payloadCodec };
}

async function openCodec(path: string): Promise<PayloadCodec> {
  // Loaded here: only an installation that encrypts payloads needs Vault for this.
  const { connectSecret } = await import('./vault/vaultSecret.js');
  const readSecret = await connectSecret(readVaultConfig(), path);
  return openPayloadCodec(async () => parsePayloadKeys(await readSecret(), path));
}
