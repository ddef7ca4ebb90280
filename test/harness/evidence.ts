import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { BSON, ObjectId } from 'bson';
import { checkpointText, formatNote, keyId, vkeyOf } from '../../src/tlog/note';
import {
  snapshotOrigin,
  chunkKey,
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
} from '../../src/evidence/objectKeys';
import { canonicalJson } from '../../src/evidence/canonicalJson';
import { packChunk } from '../../src/evidence/chunkPacker';
import { publicKeyOfPem } from '../../src/tlog/ed25519';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { newDigest } from '../../src/evidence/logDigest';
import type { Manifest } from '../../src/evidence/manifest';
import { RangeBuilder, emptyRange, leafHash, rootOf, serializeRange } from '../../src/tlog/merkle';
import { readRecord, recordHash } from '../../src/evidence/recordBytes';
import { listedId } from '../../src/evidence/recordIds';
import { AUDIT_LOG } from '../../src/evidence/recordMembers';
import { manifestStatement } from '../../src/evidence/statement';
import { findingOf, type HashScheme } from '../../src/evidence/recordFinding';
import { sha256Hex } from '../../src/tlog/sha256';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';

const PKCS8_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');
const START_MS = Date.parse('2026-01-31T00:00:00.000Z');
const DAY: Manifest['window'] = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const ORIGIN = 'audit.example.org';

export interface EvidenceKey {
  readonly privateKey: KeyObject;
  /** 32 raw bytes. */
  readonly publicKey: Buffer;
}

export interface Evidence {
  readonly manifest: Manifest;
  /** Every object by its key in the bucket. */
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly trust: TrustFile;
}

interface EvidenceOptions {
  /** Record bytes in their order. */
  readonly records: readonly Buffer[];
  readonly chunkRecords: number;
  readonly key?: EvidenceKey;
  readonly jobId?: string;
  readonly hashScheme?: HashScheme;
  readonly late?: Manifest['late'];
  readonly window?: Manifest['window'];
  readonly openedAt?: string;
}

const KEYS = new Map<number, EvidenceKey>();

/** The Ed25519 key of a 32-byte seed that repeats one byte, so that a failing test fails again with the same bytes. */
export function evidenceKey(seedByte: number): EvidenceKey {
  const key = KEYS.get(seedByte) ?? makeKey(seedByte);
  KEYS.set(seedByte, key);
  return key;
}

function makeKey(seedByte: number): EvidenceKey {
  const der = Buffer.concat([PKCS8_HEADER, Buffer.alloc(32, seedByte)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const pem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
  return { privateKey, publicKey: publicKeyOfPem(pem) };
}

/** An audit record, one second after the previous one; its hash matches, unless `members` override it. */
export function auditRecord(index: number, members: Record<string, unknown> = {}): Buffer {
  const document = {
    _id: new ObjectId(index.toString(16).padStart(24, '0')),
    timestamp: new Date(START_MS + index * 1000),
    action: 'document.read',
    actor: `user-${index}`,
  };
  return hashedRecord(document, members);
}

/** A record with its hash as the last member; `members` are added or overridden afterwards. */
export function hashedRecord(document: object, members: object = {}): Buffer {
  const hash = recordHash(BSON.serialize(document));
  return Buffer.from(BSON.serialize({ ...document, hash, ...members }));
}

/** Audit records from index `first` on. */
export function auditRecords(count: number, first = 0): Buffer[] {
  return Array.from({ length: count }, (_, index) => auditRecord(first + index));
}

const PACKED = new Map<string, Promise<Buffer>>();

/** {@link packChunk}, evaluated once for the same bytes; each caller gets a buffer of its own. */
export async function packOnce(records: readonly Buffer[]): Promise<Buffer> {
  const name = sha256Hex(Buffer.concat(records));
  const packed = PACKED.get(name) ?? packChunk(records);
  PACKED.set(name, packed);
  return Buffer.from(await packed);
}

/** Builds a snapshot of any record bytes without the writer under test: valid evidence, and the trust file that pins its key. */
export async function makeEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { records, chunkRecords, key = evidenceKey(1), jobId = 'job-1' } = options;
  const { hashScheme = 'bson-sha256/v1', late = { recordCount: 0, snapshots: [] } } = options;
  const { window = DAY, openedAt = '2026-02-01T00:00:05.000Z' } = options;
  const snapshotId = `snap-${jobId}`;
  const objects = new Map<string, Buffer>();
  const chunks: Manifest['chunks'] = [];
  for (let begin = 0; begin < records.length; begin += chunkRecords) {
    const own = records.slice(begin, begin + chunkRecords);
    const body = await packOnce(own);
    const chunk = describeChunk(snapshotId, chunks.length, begin, own, body, window);
    objects.set(chunk.key, body);
    chunks.push(chunk);
  }
  const manifest: Manifest = {
    format: 'audit-snapshot/v1',
    origin: ORIGIN,
    snapshotId,
    jobId,
    source: AUDIT_LOG,
    window,
    recordCount: records.length,
    root: rootOf(rangeOf(0, records).range()).toString('base64'),
    ...(await readHashes(records, hashScheme)),
    logHashScheme: hashScheme,
    late,
    chunks,
    retention: { mode: 'COMPLIANCE', until: '2033-02-01T00:00:00.000Z' },
    key: {
      version: 1,
      publicKey: key.publicKey.toString('base64'),
      vkey: vkeyOf(snapshotOrigin(ORIGIN, snapshotId), key.publicKey),
    },
    openedAt,
    timestamp: 'none',
    software: 'audit-snapshot/0.0.0',
  };
  const pinned = { version: 1, publicKey: key.publicKey, createdAt: new Date(START_MS) };
  return {
    manifest,
    objects: new Map([...objects, ...signEvidence(manifest, key)]),
    trust: makeTrustFile(ORIGIN, [pinned]),
  };
}

/**
 * The three objects that a key vouches for, by object key: the manifest, its signature and the checkpoint. The manifest
 * may be one that no reader accepts.
 */
export function signEvidence(manifest: Manifest, key: EvidenceKey): Map<string, Buffer> {
  const { origin, snapshotId, recordCount, root } = manifest;
  const body = canonicalJson(manifest);
  const name = snapshotOrigin(origin, snapshotId);
  const text = checkpointText({ origin: name, size: recordCount, root: Buffer.from(root, 'base64') });
  return new Map([
    [manifestKey(snapshotId), body],
    [manifestSignatureKey(snapshotId), signManifest(manifest, body, key)],
    [snapshotCheckpointKey(snapshotId), signNote(name, text, key)],
  ]);
}

/** The signature over the statement about a manifest with these bytes. */
export function signManifest(
  { origin, snapshotId }: Pick<Manifest, 'origin' | 'snapshotId'>,
  body: Buffer,
  { privateKey }: EvidenceKey,
): Buffer {
  const statement = manifestStatement(origin, snapshotId, sha256Hex(body));
  return Buffer.from(sign(null, statement, privateKey).toString('base64'));
}

/** A note of this text, signed once under `name` (c2sp.org/signed-note). */
export function signNote(name: string, text: string, { privateKey, publicKey }: EvidenceKey): Buffer {
  const signature = sign(null, Buffer.from(text), privateKey);
  return formatNote(text, [{ name, keyId: keyId(name, publicKey), signature }]);
}

/**
 * What the manifest says about a chunk of these records, which is stored as `body`. Records may be wrong on purpose: even
 * then the manifest says what its reader accepts.
 */
export function describeChunk(
  snapshotId: string,
  index: number,
  begin: number,
  records: readonly Buffer[],
  body: Buffer,
  window: Manifest['window'] = DAY,
): Manifest['chunks'][number] {
  const [fromMs, toMs] = [Date.parse(window.from), Date.parse(window.to)];
  const positions = records
    .map((bytes) => {
      const { id, timeMs = fromMs } = readRecord(bytes);
      const ms = Math.min(Math.max(timeMs, fromMs), toMs);
      return { timestamp: new Date(ms).toISOString(), id: listedId(id) || '0'.repeat(24) };
    })
    .toSorted((left, right) => Date.parse(left.timestamp) - Date.parse(right.timestamp));
  return {
    index,
    key: chunkKey(snapshotId, index),
    versionId: `version-${index}`,
    bytes: body.length,
    sha256: sha256Hex(body),
    count: records.length,
    begin,
    first: positions[0]!,
    last: positions.at(-1)!,
    nodes: [...serializeRange(rangeOf(begin, records).range()).hashes],
  };
}

/** The Merkle range of these records. */
export function rangeOf(begin: number, records: readonly Buffer[]): RangeBuilder {
  const range = new RangeBuilder(emptyRange(begin));
  for (const record of records) range.appendLeaf(leafHash(record));
  return range;
}

/** The log-hash digest and the findings of these records. */
export async function readHashes(
  records: readonly Buffer[],
  scheme: HashScheme,
): Promise<Pick<Manifest, 'logHashDigest' | 'findings'>> {
  const digest = await newDigest();
  const findings: Manifest['findings'] = {
    counts: { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 },
    records: [],
  };
  for (const [index, bytes] of records.entries()) {
    const record = readRecord(bytes);
    if (record.hashText) digest.update(record.hashText);
    const kind = findingOf(record, scheme);
    if (kind === undefined) continue;
    findings.counts[kind]++;
    findings.records.push({ kind, index, id: listedId(record.id) });
  }
  return { logHashDigest: digest.hex(), findings };
}

/** Reads from a map of objects and ignores the version. */
export function readerOf(objects: ReadonlyMap<string, Buffer>): EvidenceReader {
  return { read: (key) => Promise.resolve(objects.get(key)) };
}
