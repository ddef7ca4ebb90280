import type { Position } from '../contract/activities';
import type { Bounds } from '../contract/window';
import { isSnapshotError } from '../errors';
import {
  AcknowledgementSearch,
  readAcknowledgement,
  type SealedAcknowledgement,
} from '../evidence/acknowledgement';
import { visitRecords } from '../evidence/bsonStream';
import { unpackBlocks } from '../evidence/chunk';
import { ChunkHasher } from '../evidence/chunkHasher';
import { MAX_LISTED_FINDINGS } from '../evidence/limits';
import type { FindingKind, HashScheme } from '../evidence/recordFinding';
import { listedId } from '../evidence/recordIds';
import type { RecordMembers } from '../evidence/recordMembers';
import { RecordOrder, positionOfScanned } from '../evidence/recordOrder';
import { RecordScanner } from '../evidence/recordScanner';
import { serializeRange } from '../tlog/merkle';
import { sha256Hex } from '../tlog/sha256';
import { FINGERPRINT_WORDS, writeFingerprint } from './idFingerprint';
import { isInSpans } from './lateWindows';

/** A chunk and what its signed manifest says, as a thread can be given it. */
export interface ScanTask {
  /** The bytes as stored. */
  readonly stored: Uint8Array;
  readonly sha256: string;
  readonly count: number;
  readonly begin: number;
  readonly bounds: Bounds;
  readonly members: RecordMembers;
  readonly scheme: HashScheme;
  /** Log time in which a record is late, as disjoint spans in order. */
  readonly lateSpans: readonly Bounds[];
  /** For the fingerprints of ids. */
  readonly salt: Uint8Array;
}

/** What the records of a chunk are, if each of them alone is as it must be. */
export interface ScannedRecords {
  readonly first: Position;
  readonly last: Position;
  readonly nodes: readonly string[];
  /** Of each id, {@link FINGERPRINT_WORDS} words. */
  readonly fingerprints: Uint32Array;
  /** What the records hold as their own hashes, one after the other. */
  readonly hashTexts: Uint8Array;
  /** The records that do not match their own hash, by offset in the chunk. */
  readonly findings: readonly ScannedFinding[];
  readonly lateCount: number;
  /** The records that acknowledge findings. */
  readonly acknowledgements: readonly Omit<SealedAcknowledgement, 'sealedIn'>[];
}

interface ScannedFinding {
  readonly offset: number;
  readonly kind: FindingKind;
  /** As evidence lists it; empty beyond the findings that are listed. */
  readonly id: string;
}

export interface ScanResult {
  /** Of the stored bytes. */
  readonly sha256: string;
  /** Undefined when a record of the chunk may be a failure: then it is read record by record. */
  readonly records: ScannedRecords | undefined;
}

/** Scans chunks: in this thread, or in others. */
export interface ChunkScanner {
  /** Chunks that can be scanned at once. */
  readonly width: number;
  /** A snapshot with fewer records is scanned without it. */
  readonly minRecords: number;
  scan(task: ScanTask): Promise<ScanResult>;
}

/** Texts of one chunk that are kept: those of ordinary hashes have 4 MiB at most. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;

/**
 * Reads a chunk in one pass and in place. It looks only for a reason to read it record by record: no failure is named here,
 * so that reports have one author and one order.
 */
export async function scanChunk(task: ScanTask): Promise<ScanResult> {
  const sha256 = sha256Hex(task.stored);
  const records = sha256 === task.sha256 ? await orUndefined(scanRecords(task)) : undefined;
  return { sha256, records };
}

async function scanRecords(task: ScanTask): Promise<ScannedRecords | undefined> {
  const { stored, count, begin, bounds, members, scheme, lateSpans, salt } = task;
  const record = new RecordScanner(members);
  const order = new RecordOrder(bounds);
  const texts: Buffer[] = [];
  let textBytes = 0;
  const hasher = new ChunkHasher(scheme, (block) => {
    textBytes += block.length;
    if (textBytes <= MAX_TEXT_BYTES) texts.push(Buffer.from(block));
  });
  const fingerprints = new Uint32Array(count * FINGERPRINT_WORDS);
  const findings: ScannedFinding[] = [];
  const acknowledgements: ScannedRecords['acknowledgements'][number][] = [];
  const search = new AcknowledgementSearch();
  let first: Position | undefined;
  let lateCount = 0;

  const isOrdinary = await visitRecords(unpackBlocks(stored), (bytes, start, end) => {
    const offset = hasher.count;
    if (offset === count) return false;
    record.scan(bytes, start, end);
    if (record.markMembers > 0 || record.idType === 0 || !order.accepts(record)) return false;
    first ??= positionOfScanned(record);
    writeFingerprint(record, salt, fingerprints, offset);
    const kind = hasher.add(record);
    if (kind !== undefined) {
      const id = findings.length < MAX_LISTED_FINDINGS ? listedId(record.idText()) : '';
      findings.push({ offset, kind, id });
    } else if (search.isIn(bytes, start, end)) {
      const given = readAcknowledgement(bytes.subarray(start, end));
      if (given && acknowledgements.length < MAX_LISTED_FINDINGS)
        acknowledgements.push({ ...given, acknowledgedBy: listedId(record.idText()) });
    }
    if (lateSpans.length > 0 && isInSpans(lateSpans, record.timeMs)) lateCount++;
    return true;
  });
  if (!isOrdinary || !first || hasher.count !== count) return undefined;
  const { hashes } = serializeRange(hasher.finish(begin));
  if (textBytes > MAX_TEXT_BYTES) return undefined;
  const last = positionOfScanned(record);
  const hashTexts = Buffer.concat(texts);
  return { first, last, nodes: hashes, fingerprints, hashTexts, findings, lateCount, acknowledgements };
}

/** What cannot be read is judged where it is read record by record. */
async function orUndefined<T>(scanned: Promise<T>): Promise<T | undefined> {
  try {
    return await scanned;
  } catch (error) {
    if (isSnapshotError(error, 'EVIDENCE_MALFORMED')) return undefined;
    throw error;
  }
}
