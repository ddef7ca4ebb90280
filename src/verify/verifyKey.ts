import {
  countsForEntry,
  describeRange,
  judgeKey,
  wasInForce,
  type Trust,
  type TrustedKey,
} from '../evidence/keyStanding';
import type { Manifest } from '../evidence/manifest';
import { decodeBase64 } from '../tlog/base64';
import { PUBLIC_KEY_BYTES } from '../tlog/ed25519';
import type { ReportBuilder } from './report';
import type { PartialLedger } from './verifyLedger';

/**
 * The key that must have signed a manifest; undefined when it is none of the trusted keys. It must have been in force when
 * the snapshot was opened, and a revoked key must still count for the ledger entry of the snapshot. Without trust, the key
 * is taken from the manifest.
 */
export function verifyKey(
  report: ReportBuilder,
  manifest: Manifest,
  trust: Trust | undefined,
  ledger: PartialLedger | null | undefined,
): Buffer | undefined {
  const publicKey = decodeBase64(manifest.key.publicKey, PUBLIC_KEY_BYTES);
  if (trust === undefined) return publicKey;
  const object = `key version ${manifest.key.version}`;
  if (!report.check('signature', object, trust.origin, manifest.origin)) return undefined;
  const standing = judgeKey(trust, manifest.key);
  if (standing.kind === 'other') report.invalid('signature', object, standing.expected, standing.found);
  else if (standing.kind === 'unknown')
    report.missing('signature', object, standing.expected, standing.found);
  else {
    verifyForce(report, object, manifest, standing.key);
    verifyRevocation(report, object, manifest, standing.key, ledger);
    return publicKey;
  }
  return undefined;
}

function verifyForce(report: ReportBuilder, object: string, { openedAt }: Manifest, key: TrustedKey): void {
  const expected = `in force at ${openedAt}, when the snapshot was opened`;
  const found = wasInForce(key, Date.parse(openedAt)) ? expected : `in force from ${describeRange(key)}`;
  report.check('signature', object, expected, found);
}

/** Only the place in the ledger says whether a revoked key signed before its revocation. */
function verifyRevocation(
  report: ReportBuilder,
  object: string,
  { snapshotId }: Manifest,
  key: TrustedKey,
  ledger: PartialLedger | null | undefined,
): void {
  if (!key.revoked) return;
  const expected = `${snapshotId} among the first ${key.revoked.ledgerSize} entries of the ledger: the key is revoked`;
  const index = ledger?.indexOf.get(snapshotId);
  if (index === undefined)
    return report.missing('signature', object, expected, 'no entry in a verified ledger');
  const found = countsForEntry(key, index) ? expected : `entry ${index}`;
  report.check('signature', object, expected, found);
}
