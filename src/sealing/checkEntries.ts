import { messageOf } from '../errors';
import { entryOf, parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { MAX_MANIFEST_BYTES, MAX_SIGNATURE_BYTES } from '../evidence/limits';
import { tryParseManifest } from '../evidence/manifest';
import { manifestKey, manifestSignatureKey } from '../evidence/objectKeys';
import { manifestStatement } from '../evidence/statement';
import type { SigningKey } from '../ports/signer';
import { decodeBase64 } from '../tlog/base64';
import { SIGNATURE_BYTES, verifyEd25519 } from '../tlog/ed25519';
import { leafHash } from '../tlog/merkle';
import { sha256Hex } from '../tlog/sha256';
import { unproven } from './ledgerErrors';
import type { IndexedEntry } from './ledgerIndex';
import type { LedgerReading } from './publishedLedger';

/**
 * Checks entries that the database has committed and the bucket does not have yet, before anything is written: each must
 * follow, byte for byte, from a manifest in the bucket that a listed key has signed. LEDGER_ENTRY_INVALID names the row.
 */
export async function checkEntries(
  deps: LedgerReading,
  keys: readonly SigningKey[],
  base: number,
  entries: readonly Buffer[],
): Promise<readonly IndexedEntry[]> {
  const checked: IndexedEntry[] = [];
  const named = new Set<string>();
  for (const [offset, bytes] of entries.entries()) {
    const index = base + offset;
    const entry = parseRow(index, bytes);
    const { snapshotId } = entry;
    // Another job of this process may have published the very entry meanwhile.
    const known = deps.ledgerIndex.indexOf(snapshotId) ?? index;
    if (named.has(snapshotId) || known !== index) throw unproven(index, `is a second entry of ${snapshotId}`);
    named.add(snapshotId);
    await requireSealed(deps, keys, index, snapshotId, bytes);
    checked.push({ entry, leaf: leafHash(bytes) });
  }
  return checked;
}

function parseRow(index: number, bytes: Buffer): LedgerEntry {
  try {
    return parseEntry(bytes);
  } catch (error) {
    throw unproven(index, `is not a ledger entry: ${messageOf(error).slice(0, 200)}`);
  }
}

async function requireSealed(
  { store, settings }: LedgerReading,
  keys: readonly SigningKey[],
  index: number,
  snapshotId: string,
  bytes: Buffer,
): Promise<void> {
  const key = manifestKey(snapshotId);
  const fail = (what: string) => unproven(index, `names ${snapshotId}, but ${what} [key=${key}]`);
  const stored = await store.get(key, MAX_MANIFEST_BYTES);
  if (!stored) throw fail('the bucket has no manifest of it');
  const manifest = tryParseManifest(stored.body);
  if (!manifest) throw fail('its manifest is malformed');
  if (manifest.origin !== settings.origin) throw fail(`its manifest is of the origin ${manifest.origin}`);
  if (!entryOf(manifest, sha256Hex(stored.body)).equals(bytes))
    throw fail('the entry does not follow from its manifest');
  const signer = keys.find(({ version }) => version === manifest.key.version);
  if (signer?.publicKey.toString('base64') !== manifest.key.publicKey)
    throw fail(`the signer does not list the key of its manifest, version ${manifest.key.version}`);
  const signature = await store.get(manifestSignatureKey(snapshotId), MAX_SIGNATURE_BYTES);
  const statement = manifestStatement(settings.origin, snapshotId, sha256Hex(stored.body));
  if (!signature || !isSignedBy(signer.publicKey, statement, signature.body))
    throw fail('its manifest is not signed by the key that it names');
}

function isSignedBy(publicKey: Buffer, statement: Buffer, signature: Buffer): boolean {
  try {
    return verifyEd25519(publicKey, statement, decodeBase64(signature.toString('latin1'), SIGNATURE_BYTES));
  } catch {
    return false;
  }
}
