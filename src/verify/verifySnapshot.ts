import { messageOf } from '../errors';
import type { SealedAcknowledgement } from '../evidence/acknowledgement';
import type { Trust } from '../evidence/keyStanding';
import { entryOf } from '../evidence/ledgerEntry';
import {
  CLOCK_SKEW_MS,
  MAX_CHECKPOINT_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURE_BYTES,
} from '../evidence/limits';
import { parseManifest, type Manifest } from '../evidence/manifest';
import {
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
  snapshotOrigin,
} from '../evidence/objectKeys';
import { describeLeftOut, totalLeftOut } from '../evidence/leftOut';
import { totalFindings } from '../evidence/recordFinding';
import { manifestStatement } from '../evidence/statement';
import { decodeBase64 } from '../tlog/base64';
import { SIGNATURE_BYTES, verifyEd25519 } from '../tlog/ed25519';
import { openCheckpoint } from '../tlog/note';
import { sha256Hex } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';
import { ReportBuilder, SNAPSHOT_LAYERS, type Checked } from './report';
import { verifyKey } from './verifyKey';
import type { PartialLedger } from './verifyLedger';
import { verifyRecords, type RecordOptions } from './verifyRecords';
import { verifyRetention } from './verifyRetention';
import { verifyTimestamp } from './verifyTimestamp';

export interface SnapshotOptions extends RecordOptions {
  readonly snapshotId: string;
  /** The pinned keys. Undefined: the key is taken from the evidence itself, and the snapshot is never VERIFIED. */
  readonly trust: Trust | undefined;
  /** Failures that are listed; all are counted. Default 20. */
  readonly maxFailures?: number | undefined;
}

/** Report on one snapshot. */
export interface SnapshotReport extends Checked {
  readonly snapshotId: string;
  readonly recordCount: number;
  /** Records that did not match their own hash when they were sealed: the manifest names them, so they are not failures. */
  readonly findingCount: number;
  /** How many of them sealed records acknowledge, as far as the snapshots with these records were verified, too. */
  readonly acknowledgedCount: number;
  /** The records of this snapshot that acknowledge findings of earlier ones. */
  readonly acknowledgements: readonly SealedAcknowledgement[];
  /** Version of the key that the manifest names; null when there is no manifest. */
  readonly keyVersion: number | null;
  /** Until when the manifest says that the objects are locked; null when there is no manifest. */
  readonly retainUntil: string | null;
}

/** A manifest that was read, and the bytes it was read from. */
interface StoredManifest {
  readonly manifest: Manifest;
  readonly body: Buffer;
}

/** These layers have something to check whatever the window holds. */
const REQUIRED = ['manifest', 'signature', 'checkpoint', 'roots', 'log digest'] as const;

/**
 * Verifies one snapshot from its evidence alone, with one chunk in memory at a time. What is wrong with the evidence is in
 * the report; a failure of the reader itself (network, credentials) is thrown and never taken for tampering.
 */
export async function verifySnapshot(
  reader: EvidenceReader,
  options: SnapshotOptions,
): Promise<SnapshotReport> {
  const { snapshotId, trust, ledger } = options;
  const report = new ReportBuilder(options.maxFailures);

  const stored = await verifyManifest(reader, report, snapshotId);
  let acknowledgements: readonly SealedAcknowledgement[] = [];
  if (stored) {
    const publicKey = verifyKey(report, stored.manifest, trust, ledger);
    verifyTimes(report, stored.manifest);
    if (publicKey) {
      await verifySignature(reader, report, stored, publicKey);
      await verifyCheckpoint(reader, report, stored.manifest, publicKey);
    }
    acknowledgements = await verifyRecords(reader, report, stored.manifest, options);
    await verifyTimestamp(reader, report, stored, trust);
    if (ledger !== undefined) verifyInclusion(report, stored, ledger);
    noteLeftOut(report, stored.manifest);
    // A job extends the locks after it signed and before the ledger names the snapshot.
    if (ledger === undefined || ledger?.indexOf.has(snapshotId) === true)
      await verifyRetention(reader, report, stored.manifest);
  }

  const layers = SNAPSHOT_LAYERS.filter(
    (layer) =>
      ((layer !== 'ledger inclusion' && layer !== 'late records') || ledger !== undefined) &&
      (layer !== 'retention' || reader.readLock !== undefined),
  );
  return {
    snapshotId,
    recordCount: stored?.manifest.recordCount ?? 0,
    findingCount: stored ? totalFindings(stored.manifest.findings.counts) : 0,
    acknowledgedCount: 0,
    acknowledgements,
    keyVersion: stored?.manifest.key.version ?? null,
    retainUntil: stored?.manifest.retention.until ?? null,
    ...report.finish(trust === undefined ? 'self-asserted' : 'pinned', layers, REQUIRED),
  };
}

/** Nothing is sealed of these records, so nothing of them can be verified; the manifest says how many there were. */
function noteLeftOut(report: ReportBuilder, { snapshotId, leftOut }: Manifest): void {
  if (leftOut === undefined || totalLeftOut(leftOut) === 0) return;
  report.note(`${snapshotId}: when it was sealed, it left out ${describeLeftOut(leftOut)}`);
}

async function verifyManifest(
  reader: EvidenceReader,
  report: ReportBuilder,
  snapshotId: string,
): Promise<StoredManifest | undefined> {
  const object = manifestKey(snapshotId);
  const body = await reader.read(object, undefined, MAX_MANIFEST_BYTES);
  if (!body) {
    report.missing('manifest', object);
    return undefined;
  }
  try {
    const manifest = parseManifest(body);
    const isNamed = report.check('manifest', object, snapshotId, manifest.snapshotId);
    return isNamed ? { manifest, body } : undefined;
  } catch (error) {
    report.invalid('manifest', object, 'a canonical manifest', messageOf(error));
    return undefined;
  }
}

/** A window is opened after it has ended, by clocks that may differ a little, and its objects are kept longer than that. */
function verifyTimes(report: ReportBuilder, { snapshotId, window, openedAt, retention }: Manifest): void {
  const object = manifestKey(snapshotId);
  const isOver = Date.parse(openedAt) >= Date.parse(window.to) - CLOCK_SKEW_MS;
  const opened = `openedAt after the window (${window.to})`;
  report.check('manifest', object, opened, isOver ? opened : `openedAt ${openedAt}`);
  const kept = `retention after openedAt (${openedAt})`;
  report.check('manifest', object, kept, retention.until > openedAt ? kept : `until ${retention.until}`);
}

async function verifySignature(
  reader: EvidenceReader,
  report: ReportBuilder,
  { manifest, body }: StoredManifest,
  publicKey: Buffer,
): Promise<void> {
  const object = manifestSignatureKey(manifest.snapshotId);
  const stored = await reader.read(object, undefined, MAX_SIGNATURE_BYTES);
  if (!stored) return report.missing('signature', object);
  const expected = 'signature by the key';
  const statement = manifestStatement(manifest.origin, manifest.snapshotId, sha256Hex(body));
  const found = isSignedBy(publicKey, statement, stored) ? expected : 'no signature by it';
  report.check('signature', object, expected, found);
}

function isSignedBy(publicKey: Buffer, message: Buffer, stored: Buffer): boolean {
  try {
    return verifyEd25519(publicKey, message, decodeBase64(stored.toString('latin1'), SIGNATURE_BYTES));
  } catch {
    // Not canonical base64 of 64 bytes, so it is not a signature.
    return false;
  }
}

/** The signed tree head over the records is the one that the manifest describes. */
async function verifyCheckpoint(
  reader: EvidenceReader,
  report: ReportBuilder,
  { snapshotId, origin, recordCount, root }: Manifest,
  publicKey: Buffer,
): Promise<void> {
  const object = snapshotCheckpointKey(snapshotId);
  const stored = await reader.read(object, undefined, MAX_CHECKPOINT_BYTES);
  if (!stored) return report.missing('checkpoint', object);
  const name = snapshotOrigin(origin, snapshotId);
  const expected = `${name} ${recordCount} ${root}`;
  try {
    const head = openCheckpoint(stored, name, [publicKey]);
    const found = head
      ? `${head.origin} ${head.size} ${head.root.toString('base64')}`
      : 'a note without a signature by the key';
    report.check('checkpoint', object, expected, found);
  } catch (error) {
    report.invalid('checkpoint', object, expected, messageOf(error));
  }
}

/** The ledger holds exactly the entry that follows from the manifest. */
function verifyInclusion(
  report: ReportBuilder,
  { manifest, body }: StoredManifest,
  ledger: PartialLedger | null,
): void {
  const { snapshotId } = manifest;
  const object = `ledger entry of ${snapshotId}`;
  const expected = entryOf(manifest, sha256Hex(body)).toString();
  const index = ledger?.indexOf.get(snapshotId);
  const found = index === undefined ? undefined : ledger?.bytes[index]?.toString();
  if (found === undefined) report.missing('ledger inclusion', object, expected);
  else report.check('ledger inclusion', object, expected, found);
}
