import { messageOf } from '../errors';
import type { EvidenceReader } from './evidenceReader';
import { parseCheckpoint } from '../tlog/checkpoint';
import { snapshotOrigin } from '../evidence/objectKeys';
import { decodeBase64 } from '../tlog/base64';
import { verifyEd25519 } from '../tlog/ed25519';
import { entryOf } from '../evidence/ledgerEntry';
import { newDigest } from '../evidence/logDigest';
import { MAX_MANIFEST_BYTES, parseManifest, type Manifest } from '../evidence/manifest';
import { verifyNote } from '../tlog/note';
import {
  manifestKey,
  manifestSignatureKey,
  manifestTimestampKey,
  snapshotCheckpointKey,
} from '../evidence/objectKeys';
import { sha256, sha256Hex } from '../tlog/sha256';
import { MAX_TIMESTAMP_BYTES, readTimestamp } from '../evidence/timestamp';
import { findTrustedKey, type TrustFile } from '../evidence/trustFile';
import { verifyRetention } from './verifyRetention';
import { verifyChunk, type ChunkTally } from './verifyChunk';
import type { Ledger } from './verifyLedger';
import { ReportBuilder, SNAPSHOT_LAYERS, type VerifyReport } from './report';

export interface VerifyOptions {
  readonly snapshotId: string;
  /** The pinned keys. Undefined: the key is taken from the evidence itself, which is never VERIFIED. */
  readonly trust: TrustFile | undefined;
  /** The ledger that must hold the snapshot, null when there is none to be read; undefined: the snapshot is checked alone. */
  readonly ledger?: Ledger | null;
  /** Only these chunks are read; what was not read makes the snapshot INCOMPLETE. Undefined: all. */
  readonly choose?: (chunkIndex: number) => boolean;
  readonly onProgress?: (records: number, total: number) => void;
  /** Failures that are listed; all are counted. Default 20. */
  readonly maxFailures?: number;
}

/** These are always there to be checked, whatever the window holds. */
const REQUIRED = ['manifest', 'signature', 'checkpoint', 'roots', 'log digest'] as const;
const MAX_SMALL_BYTES = 1 << 16;
const DEFAULT_MAX_FAILURES = 20;

/**
 * Verifies one snapshot from its evidence alone, one chunk in memory at a time. What is wrong with the evidence stands in
 * the report; what is wrong with reading it (network, credentials) is thrown, never taken for tampering.
 */
export async function verifySnapshot(reader: EvidenceReader, options: VerifyOptions): Promise<VerifyReport> {
  const { snapshotId, trust } = options;
  const report = new ReportBuilder(options.maxFailures ?? DEFAULT_MAX_FAILURES);
  const key = trust === undefined ? 'self-asserted' : 'pinned';
  const layers = SNAPSHOT_LAYERS.filter(
    (layer) =>
      (layer !== 'ledger inclusion' || options.ledger !== undefined) &&
      (layer !== 'retention' || reader.readLock !== undefined),
  );
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  const manifest = body && readManifest(report, snapshotId, body);
  if (!manifest) {
    if (!body) report.missing('manifest', manifestKey(snapshotId));
    return { snapshotId, recordCount: 0, findingCount: 0, ...report.finish(key, layers, REQUIRED) };
  }
  const publicKey = chooseKey(report, manifest, trust);
  if (publicKey) {
    await verifySignature(reader, report, manifest, body, publicKey);
    await verifyCheckpoint(reader, report, manifest, publicKey);
  }
  await verifyRecords(reader, report, manifest, options);
  await verifyTimestamp(reader, report, manifest, body);
  if (options.ledger !== undefined) verifyLedgerEntry(report, manifest, body, options.ledger);
  await verifyRetention(reader, report, manifest);
  const { recordCount } = manifest;
  const findingCount = Object.values(manifest.findings.counts).reduce((sum, count) => sum + count, 0);
  return { snapshotId, recordCount, findingCount, ...report.finish(key, layers, REQUIRED) };
}

function readManifest(report: ReportBuilder, snapshotId: string, body: Buffer): Manifest | undefined {
  const object = manifestKey(snapshotId);
  try {
    const manifest = parseManifest(body);
    return report.check('manifest', object, snapshotId, manifest.snapshotId) ? manifest : undefined;
  } catch (error) {
    report.fail({
      layer: 'manifest',
      kind: 'invalid',
      object,
      expected: 'a canonical manifest',
      found: messageOf(error),
    });
    return undefined;
  }
}

/** The pinned key of the version the manifest names. The manifest's own claim is only compared with it. */
function chooseKey(
  report: ReportBuilder,
  { origin, key }: Manifest,
  trust: TrustFile | undefined,
): Buffer | undefined {
  const claimed = decodeBase64(key.publicKey, 32);
  if (trust === undefined) return claimed;
  const object = `key version ${key.version}`;
  if (!report.check('signature', object, trust.origin, origin)) return undefined;
  const pinned = findTrustedKey(trust, key.version);
  const expected = pinned?.toString('base64') ?? 'a version in the trust file';
  return report.check('signature', object, expected, key.publicKey) ? pinned : undefined;
}

async function verifySignature(
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  body: Buffer,
  publicKey: Buffer,
): Promise<void> {
  const object = manifestSignatureKey(manifest.snapshotId);
  const stored = await reader.read(object, undefined, MAX_SMALL_BYTES);
  if (!stored) return report.missing('signature', object);
  let holds = false;
  try {
    holds = verifyEd25519(publicKey, body, decodeBase64(stored.toString('latin1'), 64));
  } catch {
    // Not canonical base64 of 64 bytes: it is no signature, and the check below says so.
  }
  report.check(
    'signature',
    object,
    'signature by the key',
    holds ? 'signature by the key' : 'no signature by it',
  );
}

async function verifyCheckpoint(
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  publicKey: Buffer,
): Promise<void> {
  const { snapshotId, origin, recordCount, root } = manifest;
  const object = snapshotCheckpointKey(snapshotId);
  const stored = await reader.read(object, undefined, MAX_SMALL_BYTES);
  if (!stored) return report.missing('checkpoint', object);
  const name = snapshotOrigin(origin, snapshotId);
  const expected = `${name} ${recordCount} ${root}`;
  let found: string;
  try {
    const text = verifyNote(stored, name, publicKey);
    const head = text === undefined ? undefined : parseCheckpoint(text);
    found = head
      ? `${head.origin} ${head.size} ${head.root.toString('base64')}`
      : 'a note without a signature by the key';
  } catch (error) {
    found = messageOf(error);
  }
  report.check('checkpoint', object, expected, found);
}

async function verifyRecords(
  reader: EvidenceReader,
  report: ReportBuilder,
  manifest: Manifest,
  { choose, onProgress }: VerifyOptions,
): Promise<void> {
  const object = manifestKey(manifest.snapshotId);
  const tally: ChunkTally = {
    digest: await newDigest(),
    complete: true,
    findings: { counts: { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 }, records: [] },
  };
  for (const chunk of manifest.chunks) {
    if (choose?.(chunk.index) === false) {
      tally.complete = false;
      continue;
    }
    await verifyChunk(reader, report, manifest, chunk, tally);
    onProgress?.(chunk.begin + chunk.count, manifest.recordCount);
  }
  // The manifest's own nodes fold to its root, or it would not have been read.
  report.pass('roots');
  if (!tally.complete) return;
  report.check('log digest', object, manifest.logHashDigest, tally.digest.hex());
  report.check('record hashes', object, JSON.stringify(manifest.findings), JSON.stringify(tally.findings));
}

/** A timestamp is there only where an authority was asked; where it is, it must stand over this manifest. */
async function verifyTimestamp(
  reader: EvidenceReader,
  report: ReportBuilder,
  { snapshotId }: Manifest,
  body: Buffer,
): Promise<void> {
  const object = manifestTimestampKey(snapshotId);
  const stored = await reader.read(object, undefined, MAX_TIMESTAMP_BYTES);
  if (stored) report.check('timestamp', object, 'granted', readTimestamp(stored, sha256(body)));
}

/** The ledger must hold exactly the entry that follows from the manifest. */
function verifyLedgerEntry(
  report: ReportBuilder,
  manifest: Manifest,
  body: Buffer,
  ledger: Ledger | null,
): void {
  const { snapshotId } = manifest;
  const place = ledger?.indexOf.get(snapshotId);
  const expected = entryOf(manifest, sha256Hex(body));
  const object = `ledger entry of ${snapshotId}`;
  if (ledger === null || place === undefined) report.missing('ledger inclusion', object, expected.toString());
  else report.check('ledger inclusion', object, expected.toString(), ledger.bytes[place]!.toString());
}
