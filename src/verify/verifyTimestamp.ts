import { messageOf } from '../errors';
import type { Trust } from '../evidence/keyStanding';
import { CLOCK_SKEW_MS, MAX_TIMESTAMP_BYTES } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import { manifestTimestampKey } from '../evidence/objectKeys';
import { readTimestamp } from '../evidence/timestamp';
import { sha256 } from '../tlog/sha256';
import type { EvidenceReader } from './evidenceReader';
import type { ReportBuilder } from './report';
import { verifyTimestampToken } from './timestampToken';

/**
 * Verifies the timestamp of a manifest with the pinned authorities. Without any, only that it is over this manifest is
 * checked, which proves nothing about the authority, and the report says so. The manifest says whether it has a timestamp.
 */
export async function verifyTimestamp(
  reader: EvidenceReader,
  report: ReportBuilder,
  { manifest, body }: { readonly manifest: Manifest; readonly body: Buffer },
  trust: Trust | undefined,
): Promise<void> {
  const object = manifestTimestampKey(manifest.snapshotId);
  const stored = await reader.read(object, undefined, MAX_TIMESTAMP_BYTES);
  if (manifest.timestamp === 'none') {
    if (stored) report.note(`${object}: the manifest has no timestamp, so this object is not evidence`);
    return;
  }
  if (!stored) return report.missing('timestamp', object, 'a timestamp');
  const pinned = (trust?.timestampAuthorities ?? []).map(({ pem }) => pem);
  if (pinned.length > 0) return verifyToken(report, object, { manifest, body, stored, pinned });
  report.check('timestamp', object, 'granted', readTimestamp(stored, sha256(body)));
  report.note(
    `${object}: the timestamp is present, but its signature was not checked: the trust file has no timestamp authority`,
  );
}

async function verifyToken(
  report: ReportBuilder,
  object: string,
  {
    manifest: { openedAt },
    body,
    stored,
    pinned,
  }: {
    readonly manifest: Manifest;
    readonly body: Buffer;
    readonly stored: Buffer;
    readonly pinned: readonly string[];
  },
): Promise<void> {
  const expected = `a timestamp of the manifest by an authority of the trust file, after ${openedAt}`;
  try {
    const time = await verifyTimestampToken(stored, body, pinned);
    const isAfter = time.getTime() >= Date.parse(openedAt) - CLOCK_SKEW_MS;
    report.check('timestamp', object, expected, isAfter ? expected : `a timestamp at ${time.toISOString()}`);
  } catch (error) {
    report.invalid('timestamp', object, expected, messageOf(error));
  }
}
