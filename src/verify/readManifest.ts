import { MAX_MANIFEST_BYTES } from '../evidence/limits';
import { tryParseManifest, type Manifest } from '../evidence/manifest';
import { manifestKey } from '../evidence/objectKeys';
import type { EvidenceReader } from './evidenceReader';

/**
 * What the manifest of a snapshot says, unverified; undefined when it is missing or malformed, which the report on the
 * snapshot itself says.
 */
export async function readManifest(
  reader: EvidenceReader,
  snapshotId: string,
): Promise<Manifest | undefined> {
  const body = await reader.read(manifestKey(snapshotId), undefined, MAX_MANIFEST_BYTES);
  return body && tryParseManifest(body);
}
