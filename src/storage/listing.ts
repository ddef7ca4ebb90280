import { XMLParser } from 'fast-xml-parser';
import { SnapshotError } from '../errors';
import type { ListedVersion } from '../ports/objectStore';

/** Where the next page of a listing starts. */
export interface VersionMarker {
  readonly key: string;
  readonly versionId: string;
}

export interface VersionPage {
  readonly versions: readonly ListedVersion[];
  /** Undefined after the last page. */
  readonly next: VersionMarker | undefined;
}

/** Every value stays text, so that a version id of digits keeps its zeros. */
const parser = new XMLParser({
  parseTagValue: false,
  ignoreAttributes: true,
  isArray: (name) => name === 'Version' || name === 'DeleteMarker',
});

/**
 * Reads a `ListVersionsResult` of S3. STORAGE_FAILED for any other document: an empty listing would be taken for an empty
 * bucket. BUCKET_WITHOUT_LOCK when a version has no id.
 */
export function parseVersionPage(xml: string, where: string): VersionPage {
  const page = rootOf(xml);
  if (page === undefined)
    throw new SnapshotError(
      'STORAGE_FAILED',
      `storage answers with something other than a list of versions; check S3_ENDPOINT ${where}`,
    );
  const decode = textOf(page, 'EncodingType') === 'url' ? decodeKey : (key: string) => key;
  const read = (isDeleteMarker: boolean) => (entry: unknown) =>
    listedVersion(entry, isDeleteMarker, decode, where);
  return {
    versions: [
      ...entriesOf(page, 'Version').map(read(false)),
      ...entriesOf(page, 'DeleteMarker').map(read(true)),
    ],
    next:
      textOf(page, 'IsTruncated') === 'true'
        ? { key: decode(textOf(page, 'NextKeyMarker')), versionId: textOf(page, 'NextVersionIdMarker') }
        : undefined,
  };
}

function rootOf(xml: string): object | undefined {
  // S3 sends no document type, and its entities could expand without limit.
  if (xml.includes('<!DOCTYPE') || !xml.trimEnd().endsWith('</ListVersionsResult>')) return undefined;
  let root: unknown;
  try {
    const parsed: Record<string, unknown> = parser.parse(xml);
    root = parsed['ListVersionsResult'];
  } catch {
    return undefined;
  }
  return typeof root === 'object' && root !== null ? root : undefined;
}

function listedVersion(
  entry: unknown,
  isDeleteMarker: boolean,
  decode: (key: string) => string,
  where: string,
): ListedVersion {
  const key = decode(textOf(entry, 'Key'));
  const versionId = textOf(entry, 'VersionId');
  // A bucket that keeps no versions lists `null`.
  if (versionId === '' || versionId === 'null')
    throw new SnapshotError(
      'BUCKET_WITHOUT_LOCK',
      `storage lists a version without id [key=${key}] ${where}`,
    );
  return {
    key,
    versionId,
    isLatest: textOf(entry, 'IsLatest') === 'true',
    isDeleteMarker,
    sizeBytes: Number(textOf(entry, 'Size')),
    lastModified: new Date(textOf(entry, 'LastModified')),
  };
}

function entriesOf(page: object, name: string): readonly unknown[] {
  const entries: unknown = Object.entries(page).find(([member]) => member === name)?.[1];
  return Array.isArray(entries) ? entries : [];
}

/** The text of a member; empty when there is none. */
function textOf(entry: unknown, name: string): string {
  if (typeof entry !== 'object' || entry === null) return '';
  const value: unknown = Object.entries(entry).find(([member]) => member === name)?.[1];
  return typeof value === 'string' ? value : '';
}

/** S3 writes a space as `+`. */
function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
