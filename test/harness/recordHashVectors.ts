import { createHash } from 'node:crypto';
import { documentOf, elementsOf } from './bsonBytes';
import { RECORD_CASES, type RecordCase } from './recordHashCases';

export interface RecordHashVector {
  readonly name: string;
  /** The record as it is inserted, with its hash and `immutable`, in hex. */
  readonly bsonHex: string;
  /** The record hash, `bson-sha256/v1`. */
  readonly hash: string;
}

/**
 * The vectors from the definition in docs/format.md, the obvious way and without the product's code: nothing is cut out
 * of a document. The elements that are hashed are put together alone first, and with the others afterwards.
 */
export function makeRecordHashVectors(): RecordHashVector[] {
  return RECORD_CASES.map(makeVector);
}

/**
 * The text of docs/reference/record-hash/vectors.json. After a new case, write it from the top of the checkout:
 * `node -r ./test/harness/runTypeScript.cjs -e "process.stdout.write(require('./test/harness/recordHashVectors.ts').recordHashVectorsFile())" > docs/reference/record-hash/vectors.json`
 */
export function recordHashVectorsFile(): string {
  const file = { scheme: 'bson-sha256/v1', vectors: makeRecordHashVectors() };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function makeVector({ name, elements }: RecordCase): RecordHashVector {
  const hashed = documentOf(elements.filter((part) => part instanceof Uint8Array));
  const hash = createHash('sha256').update(hashed).digest('hex');
  const record = elements.map((part) => (part instanceof Uint8Array ? part : elementsOf(part(hash))));
  return { name, bsonHex: documentOf(record).toString('hex'), hash };
}
