import { sign } from 'node:crypto';
import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { entryOf } from '../../../src/evidence/ledgerEntry';
import type { Manifest } from '../../../src/evidence/manifest';
import {
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
  snapshotOrigin,
} from '../../../src/evidence/objectKeys';
import { AUDIT_LOG } from '../../../src/evidence/recordMembers';
import { manifestStatement } from '../../../src/evidence/statement';
import { makeTrustFile, type TrustFile } from '../../../src/evidence/trustFile';
import { rootOf } from '../../../src/tlog/merkle';
import { checkpointText, vkeyOf } from '../../../src/tlog/note';
import { sha256Hex } from '../../../src/tlog/sha256';
import {
  describeChunk,
  packOnce,
  rangeOf,
  readHashes,
  signNote,
  type EvidenceKey,
} from '../../harness/evidence';
import { ledgerObjects } from '../../harness/ledger';

export const ORIGIN = 'audit.example.org';

/** A manifest whose members a lie may give any value. */
export type ManifestDraft = { -readonly [Member in keyof Manifest]: Manifest[Member] };

/** One snapshot as a signer that lies would write it: chunks, roots and signatures follow from it, whatever it says. */
export interface SnapshotDraft {
  jobId: string;
  origin: string;
  window: { from: string; to: string };
  openedAt: string;
  until: string;
  /** Record bytes of each chunk. */
  chunks: Buffer[][];
  late: { recordCount: number; snapshots: string[] };
  key: EvidenceKey;
  keyVersion: number;
  /** Signs manifest and checkpoint, where it is not `key`. */
  signedBy?: EvidenceKey;
  /** Changes the manifest after everything in it was derived. */
  edit?: (manifest: ManifestDraft) => void;
  /** Changes the signed statement. */
  state?: (statement: Buffer, manifest: Buffer) => Buffer;
  /** Changes what the checkpoint of the snapshot says. */
  head?: (head: { origin: string; size: number; root: Buffer }) => {
    origin: string;
    size: number;
    root: Buffer;
  };
}

/** A ledger of snapshots, and the keys that an auditor pinned. */
export interface LedgerDraft {
  snapshots: SnapshotDraft[];
  key: EvidenceKey;
  origin: string;
  trust: TrustFile;
  /** Changes the entries before the ledger is built and signed over them. */
  editEntries?: (entries: Buffer[]) => Buffer[];
  /** Changes the stored objects last, without signing anything again. */
  editObjects?: (objects: Map<string, Buffer>) => void;
}

/** What a reader gets: every object by key, and the trust file. */
export interface SignedEvidence {
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly trust: TrustFile;
}

/** Builds and signs everything that the draft says. */
export async function signDraft(draft: LedgerDraft): Promise<SignedEvidence> {
  const objects = new Map<string, Buffer>();
  const entries: Buffer[] = [];
  for (const snapshot of draft.snapshots) {
    const { manifest, body, stored } = await signSnapshot(snapshot);
    for (const [key, bytes] of stored) objects.set(key, bytes);
    entries.push(entryOf(manifest, sha256Hex(body)));
  }
  const edited = draft.editEntries?.(entries) ?? entries;
  for (const [key, bytes] of ledgerObjects(edited, draft.key, draft.origin)) objects.set(key, bytes);
  draft.editObjects?.(objects);
  return { objects, trust: draft.trust };
}

async function signSnapshot(
  draft: SnapshotDraft,
): Promise<{ manifest: ManifestDraft; body: Buffer; stored: Map<string, Buffer> }> {
  const { manifest, stored } = await deriveManifest(draft);
  draft.edit?.(manifest);
  const body = canonicalJson(manifest);
  const { snapshotId, origin } = manifest;
  const signer = draft.signedBy ?? draft.key;
  const truth = manifestStatement(origin, snapshotId, sha256Hex(body));
  const statement = draft.state?.(truth, body) ?? truth;
  const head = {
    origin: snapshotOrigin(origin, snapshotId),
    size: manifest.recordCount,
    root: Buffer.from(manifest.root, 'base64'),
  };
  const told = draft.head?.(head) ?? head;
  stored.set(manifestKey(`snap-${draft.jobId}`), body);
  stored.set(
    manifestSignatureKey(`snap-${draft.jobId}`),
    Buffer.from(sign(null, statement, signer.privateKey).toString('base64')),
  );
  stored.set(
    snapshotCheckpointKey(`snap-${draft.jobId}`),
    signNote(told.origin, checkpointText(told), signer),
  );
  return { manifest, body, stored };
}

async function deriveManifest(
  draft: SnapshotDraft,
): Promise<{ manifest: ManifestDraft; stored: Map<string, Buffer> }> {
  const { jobId, origin, window, key } = draft;
  const snapshotId = `snap-${jobId}`;
  const stored = new Map<string, Buffer>();
  const chunks: Manifest['chunks'] = [];
  let begin = 0;
  for (const records of draft.chunks) {
    const body = await packOnce(records);
    const described = describeChunk(snapshotId, chunks.length, begin, records, body, window);
    stored.set(described.key, body);
    chunks.push(described);
    begin += records.length;
  }
  const records = draft.chunks.flat();
  const manifest: ManifestDraft = {
    format: 'audit-snapshot/v1',
    origin,
    snapshotId,
    jobId,
    source: AUDIT_LOG,
    window,
    recordCount: records.length,
    root: rootOf(rangeOf(0, records).range()).toString('base64'),
    ...(await readHashes(records, 'bson-sha256/v1')),
    logHashScheme: 'bson-sha256/v1',
    late: draft.late,
    chunks,
    retention: { mode: 'COMPLIANCE', until: draft.until },
    key: {
      version: draft.keyVersion,
      publicKey: key.publicKey.toString('base64'),
      vkey: vkeyOf(snapshotOrigin(origin, snapshotId), key.publicKey),
    },
    openedAt: draft.openedAt,
    timestamp: 'none',
    software: 'audit-snapshot/0.0.0',
  };
  return { manifest, stored };
}

/** Pins these keys, each in force from its time until the next one. */
export function trustFileOf(
  keys: readonly { readonly key: EvidenceKey; readonly from: string }[],
): TrustFile {
  return makeTrustFile(
    ORIGIN,
    keys.map(({ key, from }, index) => ({
      version: index + 1,
      publicKey: key.publicKey,
      createdAt: new Date(from),
    })),
  );
}
