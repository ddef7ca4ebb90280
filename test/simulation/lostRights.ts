import { SnapshotError } from '../../src/errors';
import type { ObjectStore } from '../../src/ports/objectStore';
import type { FakeDeps } from '../harness/fakeDeps';

/**
 * Rights in storage and Vault, by what the caller may no longer do. `absentDenied`: without s3:ListBucket, storage answers
 * 403 instead of 404 for an object that does not exist.
 */
export const LOST_RIGHTS = [
  'writeDenied',
  'readDenied',
  'absentDenied',
  'listDenied',
  'lockDenied',
  'keyDenied',
  'signDenied',
] as const;

export type LostRight = (typeof LOST_RIGHTS)[number];

const STORAGE = new SnapshotError('STORAGE_UNAUTHORIZED', 'storage refuses the request');
const SIGNER = new SnapshotError('SIGNER_UNAUTHORIZED', 'Vault denies access');

/** Takes a right away. */
export function takeRight(right: LostRight, { store, signer }: FakeDeps): void {
  const refuse = (...methods: (keyof ObjectStore)[]) => store.faults.refuse(STORAGE, ...methods);
  switch (right) {
    case 'writeDenied':
      return refuse('putOnce', 'replace');
    case 'readDenied':
      return refuse('get', 'readLock');
    case 'absentDenied':
      store.absent = STORAGE;
      return;
    case 'listDenied':
      return refuse('listVersions');
    case 'lockDenied':
      return refuse('extendLock');
    case 'keyDenied':
      return signer.faults.refuse(SIGNER, 'listKeys');
    case 'signDenied':
      return signer.faults.refuse(SIGNER, 'sign');
  }
}

/** Gives all rights back. */
export function giveRights({ writeCheck, assets, ledger, records, store, signer }: FakeDeps): void {
  for (const { faults } of [writeCheck, assets, ledger, records, store, signer]) faults.refuseNothing();
  store.absent = undefined;
}
