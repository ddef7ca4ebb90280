import { createHash } from 'node:crypto';
import { malformed } from '../../src/errors';
import type { HashScheme } from '../../src/evidence/recordFinding';
import type { RecordMembers } from '../../src/evidence/recordMembers';

/**
 * The obvious reading of records, one object for each element: what the fast one must agree with, on every record and in
 * every refusal. It shares no code with it.
 */
interface Element {
  readonly type: number;
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

const FIXED: Readonly<Record<number, number>> = {
  0x01: 8,
  0x06: 0,
  0x07: 12,
  0x08: 1,
  0x09: 8,
  0x0a: 0,
  0x10: 4,
  0x11: 8,
  0x12: 8,
  0x13: 16,
  0xff: 0,
  0x7f: 0,
};

/** The top-level elements of a document. EVIDENCE_MALFORMED. */
function slowElements(document: Buffer): Element[] {
  const size = document.length;
  if (size < 5 || document.readInt32LE(0) !== size || document[size - 1] !== 0)
    throw malformed('BSON document: length or terminator does not match its bytes');
  const last = size - 1;
  const elements: Element[] = [];
  for (let at = 4; at < last; at = elements.at(-1)!.end) {
    const nameEnd = document.indexOf(0, at + 1);
    if (nameEnd >= last) throw malformed('BSON document: an element name exceeds the document');
    const name = document.toString('latin1', at + 1, nameEnd);
    const end = nameEnd + 1 + valueSize(document, document[at]!, nameEnd + 1, last);
    if (end > last) throw malformed('BSON document: an element exceeds the document');
    elements.push({ type: document[at]!, name, start: at, valueStart: nameEnd + 1, end });
  }
  return elements;
}

function valueSize(document: Buffer, type: number, at: number, last: number): number {
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed;
  if (type === 0x0b) {
    const options = document.indexOf(0, document.indexOf(0, at) + 1);
    if (options < 0) throw malformed('BSON document: a regular expression has no end');
    return options + 1 - at;
  }
  if ([0x02, 0x0d, 0x0e].includes(type)) return 4 + lengthAt(document, at, last, 1);
  if ([0x03, 0x04, 0x0f].includes(type)) return lengthAt(document, at, last, 5);
  if (type === 0x05) return 5 + lengthAt(document, at, last, 0);
  if (type === 0x0c) return 4 + lengthAt(document, at, last, 1) + 12;
  throw malformed(`BSON document: unknown element type 0x${type.toString(16)}`);
}

function lengthAt(document: Buffer, at: number, last: number, min: number): number {
  const length = at + 4 <= last ? document.readInt32LE(at) : -1;
  if (length < min || length > last - at)
    throw malformed('BSON document: the length of a value exceeds the document');
  return length;
}

/** Everything that is read of one record, and its hashes in hex. EVIDENCE_MALFORMED. */
export function slowRecord(document: Buffer, members: RecordMembers, scheme: HashScheme): object {
  const elements = slowElements(document);
  const isMark = ({ name }: Element) => name === members.immutable || name === members.snapshotId;
  const id = elements.find(({ name }) => name === '_id');
  const times = elements.filter(({ name }) => name === members.time);
  const hashes = elements.filter(({ name }) => name === members.hash);
  const text = hashes.findLast(({ type }) => type === 0x02);
  const hashText = text && document.subarray(text.valueStart + 4, text.end - 1);
  const bytes = without(document, elements.filter(isMark));
  const ownHash = sha256(
    without(
      bytes,
      slowElements(bytes).filter(({ name }) => name === members.hash),
    ),
  );
  return {
    bytes,
    id: id === undefined ? '' : idText(document, id),
    timeMs: times[0] && dateOf(document, times[0]),
    timeMembers: times.length,
    timestamps: times.map((time) => dateOf(document, time)).filter((ms) => ms !== undefined),
    hashText: hashText && Buffer.from(hashText),
    hashMembers: hashes.length,
    leaf: sha256(Buffer.concat([Buffer.of(0), bytes])),
    ownHash,
    finding: findingOf(hashes.length, hashText, ownHash, scheme),
  };
}

function findingOf(hashMembers: number, hashText: Buffer | undefined, ownHash: string, scheme: HashScheme) {
  if (hashMembers > 1) return 'hash-repeated';
  if (hashText === undefined) return 'hash-missing';
  return scheme === 'opaque' || hashText.equals(Buffer.from(ownHash)) ? undefined : 'hash-mismatch';
}

function without(document: Buffer, cuts: readonly Element[]): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (const { start, end } of cuts) {
    kept.push(document.subarray(from, start));
    from = end;
  }
  const copy = Buffer.concat([...kept, document.subarray(from)]);
  copy.writeInt32LE(copy.length);
  return copy;
}

function idText(document: Buffer, { type, valueStart, end }: Element): string {
  const value = document.toString('hex', valueStart, end);
  return type === 0x07 ? value : `bson:${type.toString(16).padStart(2, '0')}:${value}`;
}

function dateOf(document: Buffer, { type, valueStart }: Element): number | undefined {
  const ms = type === 0x09 ? Number(document.readBigInt64LE(valueStart)) : Number.NaN;
  return Math.abs(ms) <= 8.64e15 ? ms : undefined;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
