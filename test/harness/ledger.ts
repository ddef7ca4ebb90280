import { checkpointText } from '../../src/tlog/note';
import { entryOf } from '../../src/evidence/ledgerEntry';
import { LogTree } from '../../src/tlog/tiles';
import { LEDGER_CHECKPOINT_KEY, ledgerKey } from '../../src/evidence/objectKeys';
import { sha256 } from '../../src/tlog/sha256';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import { evidenceKey, signNote, type EvidenceKey } from './evidence';

export const LEDGER_ORIGIN = 'audit.example.org';
const START_MS = Date.parse('2020-01-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;

/** The entry of the snapshot that seals hour `index`; `salt` tells two histories apart. */
export function ledgerEntry(index: number, salt = ''): Buffer {
  const fromMs = START_MS + index * HOUR_MS;
  const window = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
  const root = sha256(Buffer.from(`root ${index} ${salt}`)).toString('base64');
  const manifestSha256 = sha256(Buffer.from(`manifest ${index} ${salt}`)).toString('hex');
  return entryOf({ snapshotId: `snap-job-${index}`, window, recordCount: index, root }, manifestSha256);
}

/** The objects of a ledger over these entries: tiles as of its size, and a checkpoint by the key. */
export function ledgerObjects(
  entries: Iterable<Buffer>,
  key: EvidenceKey = evidenceKey(1),
  origin = LEDGER_ORIGIN,
): Map<string, Buffer> {
  const tree = new LogTree();
  const objects = new Map<string, Buffer>();
  for (const entry of entries)
    for (const { path, body } of tree.append(entry)) objects.set(ledgerKey(path), body);
  for (const { path, body } of tree.partialTiles()) objects.set(ledgerKey(path), body);
  return objects.set(LEDGER_CHECKPOINT_KEY, signedCheckpoint(tree.size, tree.root(), key, origin));
}

export function signedCheckpoint(
  size: number,
  root: Buffer,
  key: EvidenceKey,
  origin = LEDGER_ORIGIN,
): Buffer {
  const text = checkpointText({ origin, size, root });
  return signNote(origin, text, key);
}

/** Pins keys in the order of their versions. */
export function trustIn(...keys: readonly EvidenceKey[]): TrustFile {
  return makeTrustFile(
    LEDGER_ORIGIN,
    keys.map(({ publicKey }, index) => ({
      version: index + 1,
      publicKey,
      createdAt: new Date(START_MS + index),
    })),
  );
}
