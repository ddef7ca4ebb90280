import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import type { SigningKey } from '../../src/ports/signer';
import { comparableManifest, examineEvidence, type Examined } from '../harness/invariants';
import { MemoizedReading } from './memoizedReading';

interface Evidence {
  readonly trust: TrustFile;
  readonly leaves: readonly Buffer[];
}

const EXAMINED = new MemoizedReading<Evidence, Examined>((reader, { trust, leaves }) =>
  examineEvidence(reader, trust, leaves),
);

/** {@link examineEvidence}, evaluated once for the same evidence. */
export function memoizedExamine(
  reader: EvidenceReader,
  trust: TrustFile,
  leaves: readonly Buffer[],
): Promise<Examined> {
  const name = [JSON.stringify(trust), ...leaves.map(String)].join('\n');
  return EXAMINED.evaluate(reader, { trust, leaves }, name);
}

const COMPARED = new MemoizedReading<string, string | undefined>(comparableManifest);

/** {@link comparableManifest}, evaluated once for the same manifest. */
export function memoizedManifest(reader: EvidenceReader, snapshotId: string): Promise<string | undefined> {
  return COMPARED.evaluate(reader, snapshotId, snapshotId);
}

const TRUST = new Map<string, TrustFile>();

/** {@link makeTrustFile}, evaluated once for the same keys. */
export function memoizedTrustFile(origin: string, keys: readonly SigningKey[]): TrustFile {
  const described = keys.map(({ publicKey, createdAt }) => [publicKey.toString('base64'), +createdAt]);
  const name = JSON.stringify([origin, described]);
  const trust = TRUST.get(name) ?? makeTrustFile(origin, keys);
  TRUST.set(name, trust);
  return trust;
}

const MANIFESTS = new Map<string, Manifest>();

/** {@link parseManifest}, evaluated once for the same bytes. */
export function memoizedParse(bytes: Buffer): Manifest {
  const name = bytes.toString('latin1');
  const manifest = MANIFESTS.get(name) ?? parseManifest(bytes);
  if (MANIFESTS.size > 1000) MANIFESTS.clear();
  MANIFESTS.set(name, manifest);
  return manifest;
}
