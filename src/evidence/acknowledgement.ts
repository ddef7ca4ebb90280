import { isSnapshotError } from '../errors';
import { sha256Hex } from '../tlog/sha256';
import { BSON_STRING, bsonElements } from './bsonElements';
import type { Manifest } from './manifest';
import { FINDING_KINDS, totalFindings, type FindingKind } from './recordFinding';

/** The action of the audit record that acknowledges findings; docs/format.md, "Acknowledged findings". */
const FINDING_ACKNOWLEDGED = 'audit.finding.acknowledged';

/** What an audit record says that acknowledges one finding of a snapshot, or all of them. */
export interface Acknowledgement {
  /** The snapshot with the finding. */
  readonly snapshotId: string;
  /** Hex SHA-256 of its manifest: the acknowledgement is of this evidence and no other. */
  readonly manifestSha256: string;
  /** As the manifest lists it; null for all findings of the snapshot. */
  readonly recordId: string | null;
  /** Null for all findings of the snapshot. */
  readonly kind: FindingKind | null;
  readonly reason: string;
  /** Who acknowledged it, as the record claims. */
  readonly actorId: string;
}

/** An acknowledgement, and where it is sealed. */
export interface SealedAcknowledgement extends Acknowledgement {
  /** Id of the audit record, as evidence lists it. */
  readonly acknowledgedBy: string;
  /** The snapshot that contains it. */
  readonly sealedIn: string;
}

const BSON_DOCUMENT = 0x03;

/** The members of the audit record of an acknowledgement, as an entry of the log. */
export function acknowledgementEntry({ actorId, ...given }: Acknowledgement) {
  const { snapshotId, manifestSha256, recordId, kind, reason } = given;
  const named = recordId === null ? {} : { recordId, kind };
  return {
    resourceType: 'audit_finding',
    resourceId: resourceIdOf(snapshotId, recordId),
    action: FINDING_ACKNOWLEDGED,
    actorId,
    details: { snapshotId, manifestSha256, ...named, reason },
  };
}

/** The id of that audit record, 24 hex digits: it derives from what is acknowledged, so there is one at most. */
export function acknowledgementId(snapshotId: string, recordId: string | null): string {
  return sha256Hex(Buffer.from(`${FINDING_ACKNOWLEDGED}\n${resourceIdOf(snapshotId, recordId)}`)).slice(
    0,
    24,
  );
}

function resourceIdOf(snapshotId: string, recordId: string | null): string {
  return recordId === null ? snapshotId : `${snapshotId}/${recordId}`;
}

/** What a record (BSON) acknowledges; undefined for a record that is no acknowledgement of findings. */
export function readAcknowledgement(record: Buffer): Acknowledgement | undefined {
  const claim = readClaim(record, FINDING_ACKNOWLEDGED);
  if (!claim) return undefined;
  const { actorId, details } = claim;
  const [snapshotId, manifestSha256, reason] = ['snapshotId', 'manifestSha256', 'reason'].map((name) =>
    details.get(name),
  );
  if (typeof snapshotId !== 'string' || typeof manifestSha256 !== 'string' || typeof reason !== 'string')
    return undefined;
  const [recordId, kind] = [details.get('recordId'), details.get('kind')];
  const all = { snapshotId, manifestSha256, recordId: null, kind: null, reason, actorId };
  if (recordId === undefined && kind === undefined) return all;
  return typeof recordId === 'string' && isKind(kind) ? { ...all, recordId, kind } : undefined;
}

/** The actor and the details of a record with this action; undefined for any other record, whatever it holds. */
export function readClaim(
  record: Buffer,
  action: string,
): { readonly actorId: string; readonly details: ReadonlyMap<string, string | Buffer | false> } | undefined {
  // Fast: most chunks contain no such record.
  if (!record.includes(action)) return undefined;
  try {
    const members = membersOf(record);
    const [actorId, details] = [members.get('actorId'), members.get('details')];
    if (members.get('action') !== action || typeof actorId !== 'string' || !Buffer.isBuffer(details))
      return undefined;
    return { actorId, details: membersOf(details) };
  } catch (error) {
    // The bytes of a nested document are the application's: what cannot be read acknowledges nothing.
    if (isSnapshotError(error, 'EVIDENCE_MALFORMED')) return undefined;
    throw error;
  }
}

/** Text and documents among the top-level members; false for other types, and for a name that occurs twice. */
function membersOf(document: Buffer): ReadonlyMap<string, string | Buffer | false> {
  const found = new Map<string, string | Buffer | false>();
  for (const { name, type, valueStart, end } of bsonElements(document)) {
    if (found.has(name)) found.set(name, false);
    else if (type === BSON_STRING) found.set(name, document.toString('utf8', valueStart + 4, end - 1));
    else found.set(name, type === BSON_DOCUMENT && document.subarray(valueStart, end));
  }
  return found;
}

/** Whether records that are read in place may acknowledge findings: each of the buffers that hold them is searched once. */
export class AcknowledgementSearch {
  #bytes: Buffer | undefined;
  /** Where the action is in these bytes, at or after the record that was asked for last; -1 when it is not. */
  #at = -1;

  /** Records of the same bytes are asked for in their order. */
  isIn(bytes: Buffer, start: number, end: number): boolean {
    if (bytes !== this.#bytes || (this.#at >= 0 && this.#at < start)) {
      this.#bytes = bytes;
      this.#at = bytes.indexOf(FINDING_ACKNOWLEDGED, start);
    }
    return this.#at >= 0 && this.#at < end;
  }
}

function isKind(kind: unknown): kind is FindingKind {
  return FINDING_KINDS.some((known) => known === kind);
}

/** Whether an acknowledgement is of this finding; `recordId` is as the manifest lists it. */
export function acknowledges(
  given: Acknowledgement,
  of: { readonly snapshotId: string; readonly manifestSha256: string },
  finding: { readonly id: string; readonly kind: FindingKind },
): boolean {
  const { snapshotId, manifestSha256, recordId, kind } = given;
  if (snapshotId !== of.snapshotId || manifestSha256 !== of.manifestSha256) return false;
  return recordId === null || (recordId === finding.id && kind === finding.kind);
}

/** How many findings of a manifest these acknowledgements cover, each counted once. */
export function countAcknowledged(
  { snapshotId, findings: { counts, records } }: Pick<Manifest, 'snapshotId' | 'findings'>,
  manifestSha256: string,
  given: readonly Acknowledgement[],
): number {
  const own = given.filter((one) => one.snapshotId === snapshotId && one.manifestSha256 === manifestSha256);
  if (own.some(({ recordId }) => recordId === null)) return totalFindings(counts);
  const acknowledged = new Set(own.map(({ recordId, kind }) => `${kind} ${recordId}`));
  return records.filter(({ id, kind }) => acknowledged.has(`${kind} ${id}`)).length;
}
