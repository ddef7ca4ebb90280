import { sign } from 'node:crypto';
import { SnapshotError, isSnapshotError } from '../../src/errors';
import { withMethods, type PlantedBug } from './plantedBug';
import { KEYS } from './scenarios';

const DAY_MS = 86_400_000;

/** The error of a request whose deadline passed. */
const isUnanswered = (error: unknown): boolean =>
  isSnapshotError(error) &&
  /no (complete response|byte) within|cannot be reached: ETIMEDOUT/.test(error.message);
const isRefused = (error: unknown): boolean => isSnapshotError(error, 'STORAGE_UNAUTHORIZED');
const isErrorPage = (error: unknown): boolean =>
  isSnapshotError(error, 'STORAGE_FAILED') && error.message.includes('not an S3 error');

/** Answers a failed call as `other` says, when the failure is this one. */
function unless<T>(
  call: Promise<T>,
  isThis: (error: unknown) => boolean,
  other: () => T | Promise<T>,
): Promise<T> {
  return call.catch((error: unknown) => {
    if (isThis(error)) return other();
    throw error;
  });
}

/** A failure that passes, taken for one that does not. */
function madeFinal<T>(call: Promise<T>, text: RegExp): Promise<T> {
  return call.catch((error: unknown) => {
    if (isSnapshotError(error) && text.test(error.message))
      throw new SnapshotError(error.code, error.message);
    throw error;
  });
}

/** Wrong conclusions from what servers answer, and from their silence. */
export const PLANTED_ANSWER_BUGS: Readonly<Record<string, PlantedBug>> = {
  'a read from storage has no deadline': { withoutDeadline: ['store.get'] },
  'a write to storage has no deadline': { withoutDeadline: ['store.putOnce'] },
  'a call of Vault has no deadline': { withoutDeadline: ['signer.sign'] },
  'a write without a response counts as an existing object': withMethods('store', (real) => ({
    putOnce: (...args) => unless(real.putOnce(...args), isUnanswered, () => undefined),
  })),
  'a lock without a response counts as extended': withMethods('store', (real) => ({
    extendLock: (...args) => unless(real.extendLock(...args), isUnanswered, () => undefined),
  })),
  'an outdated node of Vault is final': withMethods('signer', (real) => ({
    sign: (...args) => madeFinal(real.sign(...args), /answers 412/),
    listKeys: () => madeFinal(real.listKeys(), /answers 412/),
  })),
  'the answer of an outdated node of Vault counts as a signature': withMethods('signer', (real) => ({
    sign: (...args) =>
      unless(
        real.sign(...args),
        (error) => isSnapshotError(error) && error.message.includes('answers 412'),
        () => Buffer.alloc(64),
      ),
  })),
  'a standby node of Vault is final': withMethods('signer', (real) => ({
    sign: (...args) => madeFinal(real.sign(...args), /answers 473/),
  })),
  'full storage is final': withMethods('store', (real) => ({
    putOnce: (...args) => madeFinal(real.putOnce(...args), /InsufficientStorage/),
  })),
  'a database that changes its primary is final': withMethods('snapshots', (real) => ({
    addChunk: (...args) => madeFinal(real.addChunk(...args), /NotWritablePrimary/),
    setManifest: (...args) => madeFinal(real.setManifest(...args), /NotWritablePrimary/),
  })),
  'a refused read counts as an absent object': withMethods('store', (real) => ({
    get: (...args) => unless(real.get(...args), isRefused, () => undefined),
  })),
  'a refused read counts as an object that was altered': withMethods('store', (real) => ({
    get: (...args) =>
      unless(real.get(...args), isRefused, () => ({ versionId: 'v0', etag: '""', body: Buffer.alloc(0) })),
  })),
  'a refused write counts as an existing object': withMethods('store', (real) => ({
    putOnce: (...args) => unless(real.putOnce(...args), isRefused, () => undefined),
  })),
  'an error page counts as an absent object': withMethods('store', (real) => ({
    get: (...args) => unless(real.get(...args), isErrorPage, () => undefined),
  })),
  'reading an absent object is not tried before signing': withMethods('store', (real) => ({
    get: (key, ...more) =>
      key.startsWith('snapshots/snap-job-1/') && key.endsWith('.sig')
        ? Promise.resolve(undefined)
        : real.get(key, ...more),
  })),
  'the extension of a lock is not tried before signing': withMethods('store', (real, { clock }) => ({
    // The lock of the manifest gets its full retention later, from another activity.
    extendLock: (key, versionId, until) =>
      until.getTime() < clock.nowMs() + 30 * DAY_MS
        ? Promise.resolve()
        : real.extendLock(key, versionId, until),
  })),
  'the key is not tried before signing': withMethods('signer', (real) => ({
    sign: (message, version) =>
      message.toString().startsWith('audit-snapshot/preflight/')
        ? Promise.resolve(sign(null, message, KEYS[version - 1]!.privateKey))
        : real.sign(message, version),
  })),
};
