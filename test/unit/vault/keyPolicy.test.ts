import { keyResponse, reasonsToRefuse, warningsOf } from '../../../src/vault/keyPolicy';

const GOOD = {
  type: 'ed25519',
  exportable: false,
  derived: false,
  allow_plaintext_backup: false,
  imported_key: false,
  deletion_allowed: false,
  soft_deleted: false,
  min_decryption_version: 1,
  min_encryption_version: 0,
  auto_rotate_period: 0,
  keys: { '1': {} },
};

const keyWith = (more: object) => keyResponse.parse({ data: { ...GOOD, ...more } }).data;

test('a key with the defaults of Vault is accepted without a warning', () => {
  expect(reasonsToRefuse(keyWith({}))).toEqual([]);
  expect(warningsOf(keyWith({}))).toEqual([]);
});

test.each([
  ['another type', { type: 'ecdsa-p256' }, 'its type is ecdsa-p256'],
  ['an exportable key', { exportable: true }, 'exportable'],
  ['a plain text backup', { allow_plaintext_backup: true }, 'allow_plaintext_backup'],
  ['a derived key', { derived: true }, 'derived'],
  ['a soft-deleted key', { soft_deleted: true }, 'soft-deleted'],
])('%s is refused with the reason', (_what, more, reason) => {
  expect(reasonsToRefuse(keyWith(more))).toEqual([expect.stringContaining(reason)]);
});

test('every reason is named at once', () => {
  expect(reasonsToRefuse(keyWith({ exportable: true, derived: true, type: 'rsa-2048' }))).toHaveLength(3);
});

test.each([
  ['an imported key', { imported_key: true }, 'imported'],
  ['a key that can be deleted', { deletion_allowed: true }, 'deletion_allowed'],
  ['a minimum version for reading', { min_decryption_version: 2 }, 'min_decryption_version is 2'],
  ['a minimum version for signing', { min_encryption_version: 3 }, 'min_encryption_version is 3'],
  ['automatic rotation', { auto_rotate_period: 86_400 }, 'auto_rotate_period'],
])('%s is accepted with a warning and with advice', (_what, more, found) => {
  expect(reasonsToRefuse(keyWith(more))).toEqual([]);
  expect(warningsOf(keyWith(more))).toEqual([
    { found: expect.stringContaining(found), advice: expect.stringMatching(/\w/) },
  ]);
});
