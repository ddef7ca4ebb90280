import { createHash } from 'node:crypto';
import { Binary, ObjectId } from 'bson';
import { documentOf, elementsOf } from './bsonBytes';

/** What becomes of a record: sealed, or left out and counted under a kind of docs/format.md. */
export type Outcome = 'sealed' | `left out: ${string}`;

export interface OddRecord {
  readonly group: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly outcome: Outcome;
  /** Sealed with this finding. */
  readonly finding?: 'hash-mismatch' | 'hash-missing' | 'hash-repeated';
  /** Of two members with one name, some servers read the last one: then the other outcome is right as well. */
  readonly dependsOnServer?: boolean;
  /** Sealed, but no update can mark it. */
  readonly unmarkable?: boolean;
}

export type Part = Uint8Array;

/** The elements of a record; each may be left out or replaced by any elements. */
export interface Parts {
  readonly id?: Part;
  readonly time?: Part;
  readonly hash?: Part | 'right';
  readonly mark?: Part;
  readonly more?: Part;
}

export const MIB = 1024 * 1024;
export const NONE = Buffer.alloc(0);
export const ODD_START_MS = Date.parse('2026-03-01T00:00:00.000Z');

let made = 0;

/** A record of its own second with its own id; the hash is the right one unless another is given. */
export function record({ id, time, hash = 'right', mark, more = NONE }: Parts): Buffer {
  const index = made++;
  const own = id ?? elementsOf({ _id: new ObjectId(String(index).padStart(24, '0')) });
  const at = time ?? elementsOf({ timestamp: new Date(ODD_START_MS + index * 1000) });
  const hashed = [own, at, more];
  const digest = createHash('sha256').update(documentOf(hashed)).digest('hex');
  const given = hash === 'right' ? elementsOf({ hash: digest }) : hash;
  return documentOf([...hashed, given, mark ?? elementsOf({ immutable: false })]);
}

export function group(name: string, outcome: Outcome, kinds: Readonly<Record<string, Parts>>): OddRecord[] {
  return Object.entries(kinds).map(([kind, parts]) => ({
    group: name,
    name: kind,
    bytes: record(parts),
    outcome,
  }));
}

/** The same element for each value, under one name. */
export function members(name: string, values: Readonly<Record<string, unknown>>): Record<string, Part> {
  return Object.fromEntries(
    Object.entries(values).map(([kind, value]) => [kind, elementsOf({ [name]: value })]),
  );
}

export const times = (values: Record<string, Part>): Record<string, Parts> =>
  Object.fromEntries(Object.entries(values).map(([kind, time]) => [kind, { time }]));
export const marks = (values: Record<string, Part>): Record<string, Parts> =>
  Object.fromEntries(Object.entries(values).map(([kind, mark]) => [kind, { mark }]));
export const ids = (values: Record<string, Part>): Record<string, Parts> =>
  Object.fromEntries(Object.entries(values).map(([kind, id]) => [kind, { id }]));

export function found(
  finding: NonNullable<OddRecord['finding']>,
  hashes: Readonly<Record<string, Part>>,
): OddRecord[] {
  const parts = Object.fromEntries(Object.entries(hashes).map(([name, hash]) => [name, { hash }]));
  return group('hash', 'sealed', parts).map((odd) => ({ ...odd, finding }));
}

/** Records whose member of time or mark is there twice, with different types or values. */
export function repeated(records: readonly OddRecord[]): OddRecord[] {
  return records.map((odd) => ({ ...odd, dependsOnServer: true }));
}

export function unmarkable(records: readonly OddRecord[]): OddRecord[] {
  return records.map((odd) => ({ ...odd, unmarkable: true }));
}

export function nested(levels: number): object {
  let value: object = { end: true };
  for (let level = 1; level < levels; level++) value = { n: value };
  return value;
}

export function nestedArray(levels: number): unknown[] {
  let value: unknown[] = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}

/** Fills a record with hash and mark up to exactly 16 MiB. */
export function filler(): Buffer {
  const empty = elementsOf({ large: new Binary(Buffer.alloc(0)) });
  const before = made;
  const rest = record({ more: empty }).length;
  made = before;
  return elementsOf({ large: new Binary(Buffer.alloc(16 * MIB - rest, 7)) });
}
