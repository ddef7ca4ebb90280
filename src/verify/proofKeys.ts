import { countsForEntry, countsForSize, describeRange, type TrustedKey } from '../evidence/keyStanding';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import { CLOCK_SKEW_MS } from '../evidence/limits';
import type { TrustFile } from '../evidence/trustFile';
import type { ReportBuilder } from './report';

type FileKey = TrustFile['keys'][number];

/** An inclusion proof that leads to the root of a checkpoint. */
export interface FollowedProof {
  /** Index of the leaf. */
  readonly index: number;
  /** Size of the checkpoint. */
  readonly size: number;
  /** The keys of the trust file that signed the checkpoint. */
  readonly keys: readonly FileKey[];
}

const OPENED_AT_UNKNOWN =
  'not checked: whether the key of the snapshot was in force when the snapshot was opened, because a proof does not name that time; verify the snapshot';

/**
 * Judges the keys of both checkpoints by what a proof says: the place in the ledger, its size, and the window, after whose
 * end both were signed. A key that is revoked for this place or size, or that was replaced before the window ended, does
 * not count; neither does a ledger key older than that of the snapshot.
 */
export function verifyProofKeys(
  report: ReportBuilder,
  { snapshotId, window }: LedgerEntry,
  snapshot: FollowedProof,
  ledger: FollowedProof,
): void {
  const endMs = Date.parse(window.to);
  const snapshotObject = `checkpoint of ${snapshotId}`;
  const snapshotKey = chooseKey(report, 'record proof', snapshotObject, snapshot, (key) =>
    countsForEntry(key, ledger.index)
      ? replacedBefore(key, endMs)
      : `revoked from entry ${key.revoked?.ledgerSize} on, and the snapshot is entry ${ledger.index}`,
  );
  const ledgerObject = `checkpoint over ${ledger.size} entries`;
  const ledgerKey = chooseKey(report, 'ledger proof', ledgerObject, ledger, (key) => {
    if (!countsForSize(key, ledger.size))
      return `revoked for checkpoints over more than ${key.revoked?.ledgerSize} entries`;
    if (snapshotKey && key.version < snapshotKey.version)
      return `older than key version ${snapshotKey.version}, which signed the snapshot`;
    return replacedBefore(key, endMs);
  });
  report.note(OPENED_AT_UNKNOWN);
  if (ledgerKey?.revoked)
    report.note(
      `not checked: whether the ledger ever had this checkpoint; key version ${ledgerKey.version}, which signed it, is revoked: make the proof again`,
    );
}

/** A key that signed the checkpoint and to which there is no objection; reports the first objection when there is none. */
function chooseKey(
  report: ReportBuilder,
  layer: 'record proof' | 'ledger proof',
  object: string,
  { keys }: FollowedProof,
  objectionTo: (key: FileKey) => string | undefined,
): FileKey | undefined {
  const chosen = keys.find((key) => objectionTo(key) === undefined);
  if (chosen) report.pass(layer);
  else {
    const found = keys.map((key) => `key version ${key.version}, ${objectionTo(key)}`).join('; ');
    report.invalid(layer, object, 'a signature by a key that counts for it', found);
  }
  return chosen;
}

/** A snapshot is opened, and its entry published, after its window has ended, give or take the difference of clocks. */
function replacedBefore(key: TrustedKey, windowEndMs: number): string | undefined {
  const isReplaced = key.to !== null && Date.parse(key.to) + CLOCK_SKEW_MS < windowEndMs - CLOCK_SKEW_MS;
  return isReplaced ? `in force from ${describeRange(key)}, before the window ended` : undefined;
}
