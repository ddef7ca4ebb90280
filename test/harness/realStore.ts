import { createLockedBucket } from '../../dev/stack/lockedBucket';
import type { ObjectStore } from '../../src/ports/objectStore';
import type { SealingDeps } from '../../src/sealing/deps';
import { uniqueName } from './deployment';
import { FakeDeps } from './fakeDeps';
import { FakeClock } from './fakes/fakeClock';

/** The ports in memory but for storage; with the clock of this machine, because storage compares locks with its own. */
export function depsOnStore(store: ObjectStore, records: number): SealingDeps & { readonly fakes: FakeDeps } {
  const fakes = new FakeDeps();
  fakes.logEntries(records);
  return Object.assign({}, fakes, { store, fakes, clock: new FakeClock(new Date().toISOString()) });
}

/** A bucket of its own on the storage of the stack. */
export async function newBucket(): Promise<string> {
  const bucket = uniqueName('store');
  await createLockedBucket(process.env, bucket);
  return bucket;
}
