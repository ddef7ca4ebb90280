import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { SnapshotError, formatIssue } from '../../errors';
import { SCOPES, type Authenticator, type Caller } from './caller';

/** Visible ASCII, as names of organisations and their ids are written. */
export const TENANT = /^[\x21-\x7e]{1,128}$/;

const keys = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a name'),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not 64 lowercase hex digits'),
      tenant: z.string().regex(TENANT, 'is not a tenant').optional(),
      scopes: z.array(z.enum(SCOPES)).min(1),
    }),
  )
  .min(1)
  .max(1000);

/**
 * Accepts tokens by their SHA-256, so that the list is no secret: JSON `[{ name, sha256, scopes, tenant? }]`. A name may appear
 * twice while its token is being rotated. CONFIG_INVALID.
 */
export function staticKeys(json: string): Authenticator {
  const known = parseKeys(json).map(({ name, sha256, scopes, tenant }) => ({
    digest: Buffer.from(sha256, 'hex'),
    caller: {
      name: `key:${name}`,
      scopes: new Set<string>(scopes),
      ...(tenant === undefined ? {} : { tenant }),
    },
  }));
  return (token) => {
    const digest = createHash('sha256').update(token).digest();
    let found: Caller | undefined;
    // Every key is compared, in constant time, so that timing reveals neither which key matches nor how closely.
    for (const key of known) if (timingSafeEqual(key.digest, digest)) found ??= key.caller;
    return Promise.resolve(found);
  };
}

function parseKeys(json: string): z.infer<typeof keys> {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    throw new SnapshotError('CONFIG_INVALID', 'JOB_SERVICE_KEYS is not JSON');
  }
  const parsed = keys.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(formatIssue);
  throw new SnapshotError('CONFIG_INVALID', `JOB_SERVICE_KEYS: ${issues.join('; ')}`);
}
