/**
 * Evidence is what stays when this software is gone: the bytes that are stored and signed. This folder defines each of
 * them, for writing and for reading; docs/format.md is their specification.
 *
 * - A record is the BSON document as MongoDB stored it, without the members that sealing adds (`recordBytes.ts`, which
 *   walks BSON with `bsonElements.ts`). `recordFinding.ts` compares it with the hash it carries.
 * - A chunk is a gzip file of records (`chunk.ts` reads, `chunkPacker.ts` writes, `bsonStream.ts` splits).
 * - The manifest lists the chunks of one snapshot with their Merkle nodes. It is what a signature covers, and the entry
 *   of the snapshot in the ledger names its hash (`ledgerEntry.ts`).
 * - A proof file proves one record (`recordProof.ts`); a trust file pins the keys of signatures (`trustFile.ts`).
 * - `objectKeys.ts` names and lists the objects of a snapshot and of the ledger; `limits.ts` holds every size limit.
 *
 * Whatever is read is untrusted. Each value has one accepted form, so that evidence cannot be altered unnoticed and two
 * readers cannot disagree about it; anything else is EVIDENCE_MALFORMED. Judging evidence is the task of `src/verify`.
 */
import { z } from 'zod';
import { malformed } from '../errors';
import { decodeBase64 } from '../tlog/base64';
import { HASH_BYTES, emptyRange, mergeRanges, parseRange, rootOf } from '../tlog/merkle';
import { parseVkey } from '../tlog/note';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { LEFT_OUT_KINDS, MAX_COUNTED_LEFT_OUT, type LeftOutKind } from './leftOut';
import {
  MAX_CHUNKS,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_NODES,
  MAX_CHUNK_RECORDS,
  MAX_LISTED_FINDINGS,
  MAX_MANIFEST_BYTES,
} from './limits';
import { chunkKey, snapshotOrigin } from './objectKeys';
import { FINDING_KINDS, totalFindings } from './recordFinding';
import {
  base64Of32,
  collectionName,
  count,
  hex32,
  instant,
  jobId,
  memberName,
  origin,
  parseWith,
  recordId,
  snapshotId,
  text,
} from './schemas';

/** Whether a manifest has a timestamp of an authority (RFC 3161). */
const TIMESTAMP_KINDS = ['none', 'rfc3161'] as const;
export type TimestampKind = (typeof TIMESTAMP_KINDS)[number];

const position = z.strictObject({ timestamp: instant, id: recordId });

const chunk = z.strictObject({
  index: count,
  key: text,
  versionId: text,
  bytes: z.int().min(1).max(MAX_CHUNK_BYTES),
  sha256: hex32,
  count: z.int().min(1).max(MAX_CHUNK_RECORDS),
  begin: count,
  first: position,
  last: position,
  nodes: z.array(base64Of32).min(1).max(MAX_CHUNK_NODES),
});

const leftOutCount = z.int().min(0).max(MAX_COUNTED_LEFT_OUT);
const leftOut = z.strictObject(
  Object.fromEntries(LEFT_OUT_KINDS.map((kind) => [kind, leftOutCount])) as Record<
    LeftOutKind,
    typeof leftOutCount
  >,
);

const manifest = z.strictObject({
  format: z.literal('audit-snapshot/v1'),
  origin,
  snapshotId,
  jobId,
  source: z.strictObject({
    collection: collectionName,
    members: z.strictObject({
      time: memberName,
      hash: memberName,
      immutable: memberName,
      snapshotId: memberName,
    }),
    eligible: z.literal('unmarked').optional(),
  }),
  window: z.strictObject({ from: instant, to: instant }),
  recordCount: count,
  root: base64Of32,
  logHashDigest: hex32,
  logHashScheme: z.enum(['bson-sha256/v1', 'opaque']),
  findings: z.strictObject({
    counts: z.strictObject({ 'hash-mismatch': count, 'hash-missing': count, 'hash-repeated': count }),
    records: z
      .array(z.strictObject({ kind: z.enum(FINDING_KINDS), index: count, id: recordId }))
      .max(MAX_LISTED_FINDINGS),
  }),
  late: z.strictObject({ recordCount: count, snapshots: z.array(snapshotId) }),
  /** Evidence of earlier versions does not have it: nothing was counted. */
  leftOut: leftOut.optional(),
  chunks: z.array(chunk).max(MAX_CHUNKS),
  retention: z.strictObject({ mode: z.literal('COMPLIANCE'), until: instant }),
  key: z.strictObject({ vkey: text, version: z.int().min(1), publicKey: base64Of32 }),
  openedAt: instant,
  timestamp: z.enum(TIMESTAMP_KINDS),
  software: text,
});

/** What was sealed; docs/format.md, "Manifest". */
export type Manifest = z.infer<typeof manifest>;

/** Canonical JSON of a manifest, which {@link parseManifest} accepts; otherwise EVIDENCE_MALFORMED. */
export function serializeManifest(value: Manifest): Buffer {
  const bytes = canonicalJson(value);
  parseManifest(bytes);
  return bytes;
}

/**
 * Reads a manifest strictly: canonical JSON, no unknown member, each value in its one form, and all of them consistent
 * with each other, down to the root that the nodes of the chunks fold to. EVIDENCE_MALFORMED.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const value = parseWith(manifest, parseCanonicalJson(bytes, MAX_MANIFEST_BYTES), 'manifest');
  checkConsistency(value);
  return value;
}

/** The manifest in these bytes; undefined when {@link parseManifest} refuses them. */
export function tryParseManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(bytes);
  } catch {
    return undefined;
  }
}

type Fail = (what: string) => Error;

function checkConsistency(value: Manifest): void {
  const fail: Fail = (what) => malformed(`manifest of ${value.snapshotId}: ${what}`);
  if (value.snapshotId !== `snap-${value.jobId}`) throw fail('the snapshot id is not that of the job');
  if (new Set(Object.values(value.source.members)).size < Object.keys(value.source.members).length)
    throw fail('two members of its records have one name');
  if (value.window.from > value.window.to) throw fail('the window ends before it starts');
  checkChunks(value, fail);
  checkFindings(value, fail);
  checkLate(value, fail);
  checkKey(value, fail);
}

/** Chunks are numbered, adjacent and in order of time within the window, and their nodes fold to the root. */
function checkChunks({ snapshotId: id, window, chunks, recordCount, root }: Manifest, fail: Fail): void {
  let range = emptyRange(0);
  let latest = window.from;
  for (const [expected, { index, key, begin, count: records, nodes, first, last }] of chunks.entries()) {
    const name = `chunk ${expected}`;
    if (index !== expected || key !== chunkKey(id, expected)) throw fail(`${name} is out of place`);
    if (begin !== range.end) throw fail(`${name} begins at ${begin}, not at ${range.end}`);
    if (first.timestamp < latest || last.timestamp < first.timestamp || last.timestamp > window.to)
      throw fail(`${name} is out of order or outside the window`);
    latest = last.timestamp;
    range = mergeRanges(range, parseRange({ begin, end: begin + records, hashes: nodes }));
  }
  if (range.end !== recordCount) throw fail(`its chunks hold ${range.end} records, not ${recordCount}`);
  if (!rootOf(range).equals(decodeBase64(root, HASH_BYTES)))
    throw fail('the nodes of its chunks do not fold to its root');
}

function checkFindings({ findings: { counts, records }, recordCount }: Manifest, fail: Fail): void {
  if (records.length !== Math.min(totalFindings(counts), MAX_LISTED_FINDINGS))
    throw fail('the counts of findings differ from their list');
  let previous = -1;
  for (const { index } of records) {
    if (index <= previous || index >= recordCount)
      throw fail('findings are out of order or beyond the records');
    previous = index;
  }
}

/** The ids are sorted and unique, so that the same snapshots have one spelling. */
function checkLate({ late, snapshotId: own, recordCount }: Manifest, fail: Fail): void {
  if (late.recordCount > recordCount) throw fail('it has more late records than records');
  for (const [index, id] of late.snapshots.entries())
    if (id === own || (index > 0 && id <= late.snapshots[index - 1]!))
      throw fail('the snapshots before it are out of order, repeated, or itself');
}

function checkKey({ origin: log, snapshotId: id, key }: Manifest, fail: Fail): void {
  const { name, publicKey } = parseVkey(key.vkey);
  if (name !== snapshotOrigin(log, id) || publicKey.toString('base64') !== key.publicKey)
    throw fail('vkey and public key do not agree');
}
