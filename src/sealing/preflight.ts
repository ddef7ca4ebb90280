import { manifestKey, manifestSignatureKey } from '../evidence/objectKeys';
import { CLOCK_SKEW_MS, MAX_SIGNATURE_BYTES } from '../evidence/limits';
import { isIdDigest } from '../evidence/recordIds';
import { SnapshotError } from '../errors';
import type { ChunkRow } from '../ports/snapshotRepository';
import type { FinishingWrites } from '../ports/writeCheck';
import { requireAhead } from './compareLedger';
import { holdUntil, type SealingDeps } from './deps';
import { readBucketLedger } from './publishedLedger';
import { readSealedManifest } from './sealedManifest';
import { signVerified } from './signing';
import type { ManifestedRow } from './snapshotRows';

/** Records that are tried: a server that rejects all of them rejects marking, one that rejects some has odd records. */
const TRIED_RECORDS = 8;
/** A signature in base64, of which only the length matters here. */
const PLACEHOLDER = 'A'.repeat(88);
const SECOND_MS = 1000;

/**
 * Tries everything that can fail after signing began: the rights in storage, the published ledger, the key version on a
 * message of the size of a real statement, and the writes to the database. Refuses what no verifier would accept. What fails
 * here fails while the window can still be released. STORAGE_*, LOCK_REFUSED, LEDGER_*, SIGNER_*, KEY_*, SIGNATURE_INVALID,
 * DATABASE_*, SNAPSHOT_TOO_LARGE.
 */
export async function tryToFinish(deps: SealingDeps, row: ManifestedRow): Promise<void> {
  await tryStorage(deps, row);
  await requireKeyInForce(deps, row);
  await tryLedger(deps);
  const key = { version: row.keyVersion, publicKey: Buffer.from(row.publicKey, 'base64') };
  await signVerified(deps.signer, preflightStatement(row), key);
  await deps.writeCheck.tryWrites(await finishingWrites(deps, row));
}

/**
 * Some policies answer 403 instead of 404 for an object that does not exist, and some allow writing but not the extension of
 * a lock. The manifest is written again: storage refuses this because the object exists, or because the right to write is
 * lost. Its lock gets one second longer, which every store grants that grants more.
 */
async function tryStorage(deps: SealingDeps, row: ManifestedRow): Promise<void> {
  const { store } = deps;
  const { snapshotId, manifest } = row;
  await store.get(manifestSignatureKey(snapshotId), MAX_SIGNATURE_BYTES);
  const key = manifestKey(snapshotId);
  await store.putOnce(key, await readSealedManifest(deps, row), holdUntil(deps));
  const lock = await store.readLock(key, manifest.versionId);
  if (!lock)
    throw new SnapshotError('LOCK_REFUSED', `the manifest has no lock; check the bucket [key=${key}]`);
  await store.extendLock(key, manifest.versionId, new Date(lock.until.getTime() + SECOND_MS));
}

/**
 * The manifest states when the snapshot was opened, and its key version must have been the newest one then. It is not if the
 * clocks of Temporal and of the signer differ, and the key was rotated in between. KEY_NOT_IN_FORCE.
 */
async function requireKeyInForce({ signer }: SealingDeps, row: ManifestedRow): Promise<void> {
  const { snapshotId, keyVersion, openedAt } = row;
  const next = (await signer.listKeys()).find(({ version }) => version > keyVersion);
  if (!next || Date.parse(openedAt) <= next.createdAt.getTime() + CLOCK_SKEW_MS) return;
  const replaced = `key version ${keyVersion} was replaced at ${next.createdAt.toISOString()}, by the clock of the signer`;
  const message = `snapshot ${snapshotId} was opened at ${openedAt}, by the clock of Temporal, but ${replaced}; correct these clocks, then seal the window with a new job`;
  throw new SnapshotError('KEY_NOT_IN_FORCE', message);
}

/**
 * What the entry of the ledger will need: the key, the checkpoint, the list of the versions of its tiles, and a database
 * that has not lost entries of the ledger. LEDGER_*.
 */
async function tryLedger(deps: SealingDeps): Promise<void> {
  const { bundledSize } = await readBucketLedger(deps, await deps.signer.listKeys());
  await requireAhead(deps.ledger, bundledSize);
}

/** As long as the statement about a manifest, and no statement: its first line names another purpose. */
function preflightStatement({ origin, snapshotId, manifest }: ManifestedRow): Buffer {
  const lines = ['audit-snapshot/preflight/v1', origin, snapshotId, manifest.sha256];
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

async function finishingWrites(deps: SealingDeps, row: ManifestedRow): Promise<FinishingWrites> {
  const { snapshotId, manifest, retainUntil } = row;
  const chunks = await deps.snapshots.listChunks(snapshotId, row.chunkCount ?? 0);
  const asset = { snapshotId, objects: objectsOf(row, chunks), signedHash: PLACEHOLDER, retainUntil };
  return { snapshotId, recordIds: someRecords(chunks), asset: manifest.recordCount === 0 ? null : asset };
}

/** The objects of the asset; those that do not exist yet get the keys and sizes of the manifest, which are longer. */
function objectsOf({ snapshotId, manifest }: ManifestedRow, chunks: readonly ChunkRow[]) {
  const { versionId, sizeBytes } = manifest;
  const single = { key: manifestSignatureKey(snapshotId), versionId, sizeBytes };
  const stored = chunks.map(({ chunk }) => ({
    key: chunk.key,
    versionId: chunk.versionId,
    sizeBytes: chunk.sizeBytes,
  }));
  return [...stored, ...Array.from({ length: 4 }, () => single)];
}

/** First and last records of chunks, spread over the snapshot; of long ids the rows have only digests. */
function someRecords(chunks: readonly ChunkRow[]): string[] {
  const ids = chunks.flatMap(({ first, last }) => [first.id, last.id]).filter((id) => !isIdDigest(id));
  const step = Math.max(1, Math.ceil(ids.length / TRIED_RECORDS));
  return [...new Set(ids.filter((_, index) => index % step === 0))];
}
