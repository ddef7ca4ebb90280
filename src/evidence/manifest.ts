import { z } from 'zod';
import { decodeBase64 } from '../tlog/base64';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { snapshotOrigin } from './objectKeys';
import { malformed } from '../tlog/malformed';
import { emptyRange, mergeRanges, parseRange, rootOf } from '../tlog/merkle';
import { parseVkey } from '../tlog/note';
import { chunkKey } from './objectKeys';
import { FINDING_KINDS } from './recordFinding';
import { base64Of32, count, hex32, instant, jobId, origin, recordId, snapshotId, text } from './schemas';

/** Findings a manifest lists; its counts stay exact beyond that. */
export const MAX_LISTED_FINDINGS = 10_000;
/** 100,000 chunks of 65,536 records. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const position = z.strictObject({ timestamp: instant, id: recordId });

const chunk = z.strictObject({
  index: count,
  key: text,
  versionId: text,
  bytes: z.int().min(1),
  sha256: hex32,
  count: z.int().min(1),
  begin: count,
  first: position,
  last: position,
  nodes: z.array(base64Of32).min(1).max(128),
});

const manifest = z.strictObject({
  format: z.literal('audit-snapshot/v1'),
  origin,
  snapshotId,
  jobId,
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
  chunks: z.array(chunk).max(100_000),
  retention: z.strictObject({ mode: z.literal('COMPLIANCE'), until: instant }),
  key: z.strictObject({ vkey: text, version: z.int().min(1), publicKey: base64Of32 }),
  openedAt: instant,
  software: text,
});

/** What was sealed; docs/format.md, "Manifest". */
export type Manifest = z.infer<typeof manifest>;

/** Canonical JSON of a manifest that says what {@link parseManifest} accepts. */
export function serializeManifest(value: Manifest): Buffer {
  checkSense(value);
  return canonicalJson(value);
}

/**
 * Reads a manifest strictly: canonical JSON, no unknown member, every value in its one spelling, and all of them
 * consistent with each other, down to the root that the nodes of the chunks fold to. EVIDENCE_MALFORMED.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const parsed = manifest.safeParse(parseCanonicalJson(bytes, MAX_MANIFEST_BYTES));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`manifest: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  checkSense(parsed.data);
  return parsed.data;
}

function checkSense(value: Manifest): void {
  const fail = (what: string) => malformed(`manifest of ${value.snapshotId}: ${what}`);
  if (value.snapshotId !== `snap-${value.jobId}`) throw fail('the snapshot id is not that of the job');
  if (value.window.from > value.window.to) throw fail('the window ends in front of its start');
  let range = emptyRange(0);
  for (const [place, { index, key, begin, count: records, nodes, first, last }] of value.chunks.entries()) {
    const where = `chunk ${place}`;
    if (index !== place || key !== chunkKey(value.snapshotId, place)) throw fail(`${where} is out of place`);
    if (begin !== range.end) throw fail(`${where} begins at ${begin}, not at ${range.end}`);
    const before = value.chunks[place - 1]?.last.timestamp ?? value.window.from;
    if (first.timestamp < before || last.timestamp < first.timestamp || last.timestamp > value.window.to) {
      throw fail(`${where} is out of order or outside the window`);
    }
    range = mergeRanges(range, parseRange({ begin, end: begin + records, hashes: nodes }));
  }
  if (range.end !== value.recordCount)
    throw fail(`its chunks hold ${range.end} records, not ${value.recordCount}`);
  if (!rootOf(range).equals(decodeBase64(value.root, 32)))
    throw fail('the nodes of its chunks do not fold to its root');
  checkFindings(value, fail);
  const { name, publicKey } = parseVkey(value.key.vkey);
  const named = name === snapshotOrigin(value.origin, value.snapshotId);
  if (!named || publicKey.toString('base64') !== value.key.publicKey)
    throw fail('vkey and public key do not agree');
}

function checkFindings({ findings, recordCount, late }: Manifest, fail: (what: string) => Error): void {
  const { counts, records } = findings;
  const total = FINDING_KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  if (records.length !== Math.min(total, MAX_LISTED_FINDINGS))
    throw fail('findings are counted otherwise than listed');
  for (const [place, { index }] of records.entries()) {
    const before = records[place - 1]?.index ?? -1;
    if (index <= before || index >= recordCount)
      throw fail('findings are out of order or beyond the records');
  }
  if (late.recordCount > recordCount) throw fail('more records are late than there are');
}
