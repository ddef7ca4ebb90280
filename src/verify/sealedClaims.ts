import { isSnapshotError } from '../errors';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { Manifest } from '../evidence/manifest';
import { readRecord } from '../evidence/recordBytes';
import { findingOf } from '../evidence/recordFinding';
import type { RecordMembers } from '../evidence/recordMembers';
import type { RecordSource } from '../ports/recordSource';
import { sha256Hex } from '../tlog/sha256';
import { readNamedManifest } from './acknowledgedFindings';
import { readMark } from './drift';
import type { EvidenceReader } from './evidenceReader';
import { readChunk } from './readChunk';

/** `pending`: the log has the record that acknowledges it, and no snapshot contains that record yet. Only then it counts. */
export type ClaimState = 'pending' | 'acknowledged';

/** A record of the log that acknowledges something, and where it is sealed. */
export interface ClaimStanding {
  readonly state: ClaimState;
  /** Id of the audit record. */
  readonly acknowledgedBy: string;
  /** The snapshot that contains it; null while none does. */
  readonly sealedIn: string | null;
}

export interface ClaimDeps {
  readonly reader: EvidenceReader;
  readonly records: Pick<RecordSource, 'findByIds'>;
  /** The entry of a snapshot in the ledger; undefined when it has none. */
  readonly entryOf: (snapshotId: string) => LedgerEntry | undefined | Promise<LedgerEntry | undefined>;
  /** Of the live log. */
  readonly members: RecordMembers;
}

/** Ids that are looked up at once. */
const BATCH = 500;

/**
 * Finds records that acknowledge something, by their ids. The log only says where to look: such a record counts when the
 * evidence of the snapshot that it is marked with contains it. Of each chunk that was read it keeps the digests.
 */
export class SealedClaims {
  readonly #deps: ClaimDeps;
  readonly #manifests = new Map<string, Manifest | undefined>();
  readonly #chunks = new Map<string, ReadonlySet<string>>();

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
  }

  /** What the records with these ids claim, by `read`. DATABASE_*, STORAGE_*. */
  async find<T>(
    ids: readonly string[],
    read: (record: Buffer) => T | undefined,
  ): Promise<readonly (T & ClaimStanding)[]> {
    const { records, members } = this.#deps;
    const found: (T & ClaimStanding)[] = [];
    for (let start = 0; start < ids.length; start += BATCH)
      for await (const document of records.findByIds(ids.slice(start, start + BATCH))) {
        const { bytes, id, timeMs } = readRecord(document, members);
        const claim = read(bytes);
        // A record that was changed claims nothing: its own hash does not fit.
        if (!claim || findingOf(readRecord(bytes, members), 'bson-sha256/v1', members)) continue;
        const { snapshotId: owner } = readMark(Buffer.from(document), members);
        const isSealed = owner !== undefined && (await this.#contains(owner, bytes, timeMs));
        const standing: ClaimStanding = isSealed
          ? { state: 'acknowledged', acknowledgedBy: id, sealedIn: owner }
          : { state: 'pending', acknowledgedBy: id, sealedIn: null };
        found.push({ ...claim, ...standing });
      }
    return found;
  }

  async #contains(snapshotId: string, record: Buffer, timeMs: number | undefined): Promise<boolean> {
    if (timeMs === undefined) return false;
    if (!this.#manifests.has(snapshotId)) this.#manifests.set(snapshotId, await this.#read(snapshotId));
    const at = new Date(timeMs).toISOString();
    for (const chunk of this.#manifests.get(snapshotId)?.chunks ?? []) {
      if (at < chunk.first.timestamp || chunk.last.timestamp < at) continue;
      const digests = this.#chunks.get(chunk.key) ?? (await this.#digestsOf(chunk));
      this.#chunks.set(chunk.key, digests);
      if (digests.has(sha256Hex(record))) return true;
    }
    return false;
  }

  async #read(snapshotId: string): Promise<Manifest | undefined> {
    const entry = await this.#deps.entryOf(snapshotId);
    return entry && readNamedManifest(this.#deps.reader, entry);
  }

  /** A chunk that is not the one that was signed contains nothing: what depends on it stays open. */
  async #digestsOf(chunk: Manifest['chunks'][number]): Promise<ReadonlySet<string>> {
    try {
      return new Set((await readChunk(this.#deps.reader, chunk)).map((record) => sha256Hex(record)));
    } catch (error) {
      if (isSnapshotError(error) && error.code.startsWith('EVIDENCE_')) return new Set();
      throw error;
    }
  }
}
