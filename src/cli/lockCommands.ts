import { connectObjectStore } from '../storage/minioObjectStore';
import { readStorageConfig } from '../config';
import { parseInstantMs } from '../contract/window';
import { SnapshotError } from '../errors';
import { MAX_CHECKPOINT_BYTES, MAX_MANIFEST_BYTES } from '../evidence/limits';
import { parseManifest } from '../evidence/manifest';
import {
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import type { ObjectStore } from '../ports/objectStore';
import { EXIT, type Output } from './output';

interface NamedVersion {
  readonly key: string;
  readonly versionId: string;
}

/** Extends the lock of every object of a snapshot. LOCK_REFUSED when one is locked longer already: nothing is shortened. */
export async function extendRetention(
  snapshotId: string,
  options: { readonly until: string; readonly json?: boolean },
  output: Output,
): Promise<number> {
  const ms = parseInstantMs(options.until);
  if (ms === undefined)
    throw new SnapshotError('USAGE_INVALID', `--until is no instant with an offset: ${options.until}`);
  const until = new Date(ms);
  const store = connectObjectStore(readStorageConfig());
  const objects = await listVersions(store, snapshotId);
  for (const { key, versionId } of objects) {
    const lock = await store.readLock(key, versionId);
    if (!lock || lock.until <= until) continue;
    const message = `a lock is never shortened: it stands until ${lock.until.toISOString()}, which is later than ${until.toISOString()} [key=${key}]`;
    throw new SnapshotError('LOCK_REFUSED', message);
  }
  for (const { key, versionId } of objects) await store.extendLock(key, versionId, until);
  say(output, options, { snapshotId, objects: objects.length, until: until.toISOString() });
  return EXIT.ok;
}

/** Puts every object of a snapshot under legal hold, or takes it away; repeating it changes nothing. */
export async function setHold(
  snapshotId: string,
  held: boolean,
  options: { readonly json?: boolean },
  output: Output,
): Promise<number> {
  const store = connectObjectStore(readStorageConfig());
  const objects = await listVersions(store, snapshotId);
  for (const { key, versionId } of objects) await store.setLegalHold(key, versionId, held);
  say(output, options, { snapshotId, objects: objects.length, legalHold: held });
  return EXIT.ok;
}

/** The versions that count: of a chunk the one its manifest names, of the others the first that was written. */
async function listVersions(store: ObjectStore, snapshotId: string): Promise<readonly NamedVersion[]> {
  const manifest = await store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES);
  if (!manifest)
    throw new SnapshotError(
      'SNAPSHOT_NOT_FOUND',
      `no manifest in the bucket [key=${manifestKey(snapshotId)}]`,
    );
  const others: NamedVersion[] = [];
  for (const keyOf of [manifestSignatureKey, snapshotCheckpointKey, manifestTimestampKey]) {
    const key = keyOf(snapshotId);
    const stored = await store.get(key, MAX_CHECKPOINT_BYTES);
    if (stored) others.push({ key, versionId: stored.versionId });
  }
  return [
    ...parseManifest(manifest.body).chunks.map(({ key, versionId }) => ({ key, versionId })),
    { key: manifestKey(snapshotId), versionId: manifest.versionId },
    ...others,
  ];
}

function say(output: Output, { json }: { readonly json?: boolean }, facts: Record<string, unknown>): void {
  const words = Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`);
  output.result(json === true ? JSON.stringify(facts) : words.join(', '));
}
