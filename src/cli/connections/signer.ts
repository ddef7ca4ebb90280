import { readVaultConfig } from '../../config';
import type { Signer } from '../../ports/signer';
import { connectSigner } from '../../vault/vaultSigner';

/** The configured signing key, logged in. SIGNER_*, CONFIG_INVALID. */
export function openSigner(): Promise<Signer> {
  return connectSigner(readVaultConfig());
}
