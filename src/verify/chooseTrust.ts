import { keyWithoutRange, trustOfOneKey, type Trust } from '../evidence/keyStanding';
import { MAX_CHECKPOINT_BYTES } from '../evidence/limits';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import type { TrustFile } from '../evidence/trustFile';
import { decodeBase64 } from '../tlog/base64';
import { PUBLIC_KEY_BYTES } from '../tlog/ed25519';
import { parseCheckpoint, parseNote } from '../tlog/note';
import type { EvidenceReader } from './evidenceReader';
import { readManifest } from './readManifest';

/** One pinned key. Without an origin, that of the evidence is taken, and the report says so. */
export interface PinnedKey {
  readonly publicKey: Buffer;
  readonly origin?: string | undefined;
}

/** What a report says when the name of the log is taken from the evidence. */
export const ORIGIN_NOT_PINNED =
  'origin: not pinned; the name of the log was taken from the evidence (--origin, a vkey or a trust file pins it)';

/** The keys to accept: those that are pinned, or those that the evidence claims. */
export async function chooseTrust(
  reader: EvidenceReader,
  trust: TrustFile | PinnedKey | undefined,
  snapshotIds: readonly string[],
): Promise<Trust> {
  if (trust && 'keys' in trust) return trust;
  const origin = trust?.origin ?? (await claimedOrigin(reader, snapshotIds));
  if (trust) return trustOfOneKey(origin, trust.publicKey);
  return claimedTrust(reader, snapshotIds, origin);
}

/** The origin that the ledger checkpoint claims, or a manifest where there is none. */
async function claimedOrigin(reader: EvidenceReader, snapshotIds: readonly string[]): Promise<string> {
  const checkpoint = await reader.read(LEDGER_CHECKPOINT_KEY, undefined, MAX_CHECKPOINT_BYTES);
  try {
    if (checkpoint) return parseCheckpoint(parseNote(checkpoint).text).origin;
  } catch {
    // The report on the ledger says what is wrong with its checkpoint.
  }
  for (const snapshotId of snapshotIds) {
    const manifest = await readManifest(reader, snapshotId);
    if (manifest) return manifest.origin;
  }
  return 'unknown';
}

/** The keys that the manifests claim, so that evidence can be examined without a pinned key. */
async function claimedTrust(
  reader: EvidenceReader,
  snapshotIds: readonly string[],
  origin: string,
): Promise<Trust> {
  const keys = new Map<number, Buffer>();
  for (const snapshotId of snapshotIds) {
    const manifest = await readManifest(reader, snapshotId);
    if (manifest) keys.set(manifest.key.version, decodeBase64(manifest.key.publicKey, PUBLIC_KEY_BYTES));
  }
  const versions = [...keys.entries()].toSorted(([left], [right]) => left - right);
  return {
    origin,
    keys: versions.map(([version, publicKey]) => keyWithoutRange(origin, version, publicKey)),
    timestampAuthorities: [],
  };
}
