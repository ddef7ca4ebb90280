import { z } from 'zod';
import type { VaultConfig } from '../config/vault';
import { SnapshotError } from '../errors';
import { statusOf, toSignerError } from './errors';
import { VaultHttp } from './vaultHttp';
import { VaultSession } from './vaultSession';

const members = z.record(z.string(), z.unknown());
/** Version 2 of the KV engine has the members one level deeper, next to their metadata. */
const secretResponse = z.union([
  z.object({ data: z.object({ data: members, metadata: z.object({}) }) }).transform(({ data }) => data.data),
  z.object({ data: members }).transform(({ data }) => data),
]);

/**
 * Logs in, and returns a function that reads the secret at this path of Vault's API as it is now: `secret/data/…` for version
 * 2 of the KV engine. SIGNER_*, CONFIG_INVALID when there is no such secret.
 */
export async function connectSecret(
  config: VaultConfig,
  path: string,
): Promise<() => Promise<Readonly<Record<string, unknown>>>> {
  const where = `[vault=${config.address}, secret=${path}]`;
  const session = new VaultSession(new VaultHttp(config), config, where);
  await session.logIn();
  return async () => {
    try {
      return secretResponse.parse(await session.send({ method: 'read', path }));
    } catch (error) {
      if (statusOf(error) !== 404 && !(error instanceof z.ZodError))
        throw toSignerError(where, `read on ${path}`, error);
      const message = `there is no secret at this path of Vault; for version 2 of the KV engine it is MOUNT/data/NAME ${where}`;
      throw new SnapshotError('CONFIG_INVALID', message);
    }
  };
}
