const HEADER = 'audit-snapshot/manifest/v1';

/**
 * The message under the signature of a manifest: four lines, each ended by a newline. It has a fixed size, because signing
 * servers refuse large messages. `manifestSha256` is the lowercase hex SHA-256 of manifest.json.
 */
export function manifestStatement(origin: string, snapshotId: string, manifestSha256: string): Buffer {
  return Buffer.from([HEADER, origin, snapshotId, manifestSha256].map((line) => `${line}\n`).join(''));
}
