import { z } from 'zod';

const flag = z.boolean().default(false);

/** A Transit key as its server describes it (GET /transit/keys/:name); OpenBao and older servers leave members out. */
export const keyResponse = z.object({
  data: z.object({
    type: z.string(),
    exportable: flag,
    derived: flag,
    allow_plaintext_backup: flag,
    imported_key: flag,
    deletion_allowed: flag,
    soft_deleted: flag,
    min_decryption_version: z.number().default(1),
    min_encryption_version: z.number().default(0),
    auto_rotate_period: z.number().default(0),
    keys: z.record(z.string().regex(/^[1-9]\d{0,8}$/), z.unknown()),
  }),
});

export type TransitKey = z.output<typeof keyResponse>['data'];

/** Why the key must not be used, as parts of a sentence; empty for a key that may. */
export function reasonsToRefuse(key: TransitKey): readonly string[] {
  const reasons: readonly (readonly [boolean, string])[] = [
    [key.type !== 'ed25519', `its type is ${key.type}, not ed25519`],
    [key.exportable, 'it is exportable: its private key can be read'],
    [key.allow_plaintext_backup, 'it has allow_plaintext_backup: a backup contains its private key'],
    [key.derived, 'it is derived: it has a different public key for each context'],
    [key.soft_deleted, 'it is soft-deleted: restore it'],
  ];
  return reasons.filter(([applies]) => applies).map(([, reason]) => reason);
}

/** What weakens the key, and what to do about it. */
export interface KeyWarning {
  readonly found: string;
  readonly advice: string;
}

/** What weakens the key without making its signatures invalid. */
export function warningsOf(key: TransitKey): readonly KeyWarning[] {
  const { min_decryption_version: listedFrom, min_encryption_version: signsFrom } = key;
  const warnings: readonly (readonly [applies: boolean, found: string, advice: string])[] = [
    [
      key.imported_key,
      'the key was imported: a copy of its private key may exist outside of Vault',
      'create a key in Vault instead',
    ],
    [
      key.deletion_allowed,
      'deletion_allowed is set: when the key is deleted, no open snapshot can be signed',
      'set deletion_allowed=false',
    ],
    [
      listedFrom > 1,
      `min_decryption_version is ${listedFrom}: earlier public keys are not listed, so a new trust file lacks them`,
      'keep an earlier trust file, or set it to 1',
    ],
    [
      signsFrom > 1,
      `min_encryption_version is ${signsFrom}: a snapshot that was opened under an earlier version cannot be signed`,
      'set it to 0 until such snapshots have finished',
    ],
    [
      key.auto_rotate_period > 0,
      'auto_rotate_period is set: the key rotates by itself',
      'export the trust file again after each rotation',
    ],
  ];
  return warnings.filter(([applies]) => applies).map(([, found, advice]) => ({ found, advice }));
}
