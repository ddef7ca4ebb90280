import { readStorageConfig } from '../../config';
import { probeLock, type ProbeResult } from '../../storage/lockProbe';
import { connectObjectStore } from '../../storage/minioObjectStore';
import { probeStart } from '../../storage/startProbe';
import type { Check } from './check';
import { judgeClock, measureClockOffset } from './clock';

interface StorageFacts {
  readonly bucket: string;
  readonly clockOffsetMs: number | undefined;
}

/** Asks the bucket for its Object Lock configuration, and tries the requests of a worker. STORAGE_*, BUCKET_*. */
export async function measureStorage(): Promise<StorageFacts> {
  const config = readStorageConfig();
  await connectObjectStore(config).checkBucket();
  await probeStart(config, Date.now());
  return { bucket: config.bucket, clockOffsetMs: await measureClockOffset(config.endpoint) };
}

/** The checks of the doctor about the bucket and the clock of the storage. */
export function judgeStorage({ bucket, clockOffsetMs }: StorageFacts): readonly Check[] {
  return [
    { check: 'storage', state: 'ok', found: `bucket ${bucket} has Object Lock, and honours conditions` },
    judgeClock('clock of the storage', clockOffsetMs),
  ];
}

/** Tries on a small object whether the bucket really locks. STORAGE_*. */
export function measureLock(): Promise<readonly ProbeResult[]> {
  return probeLock(readStorageConfig(), Date.now());
}

/** The checks of the doctor about Object Lock, one for each promise of a lock that was tried. */
export function judgeLock(results: readonly ProbeResult[]): readonly Check[] {
  return results.map(({ promise, kept, found, unproven }) => {
    const check = { check: 'object lock', found: `${promise} (${found})` };
    if (!kept)
      return {
        ...check,
        state: 'fail',
        advice: 'this storage does not protect what is written; do not seal into it',
      };
    return unproven === undefined ? { ...check, state: 'ok' } : { ...check, state: 'warn', advice: unproven };
  });
}
