import { sha256Hex } from '../tlog/sha256';
import { readClaim } from './acknowledgement';
import { LEFT_OUT_KINDS, type LeftOutKind } from './leftOut';

/** The action of the audit record that acknowledges a record that sealing leaves out. */
const LEFT_OUT_ACKNOWLEDGED = 'audit.left-out.acknowledged';

/** What an audit record says that acknowledges a record of the log that sealing leaves out. */
export interface LeftOutAcknowledgement {
  /** As evidence lists ids. */
  readonly recordId: string;
  readonly kind: LeftOutKind;
  /** Hex SHA-256 of the whole document as the database stores it: a record that changes is an alarm again. */
  readonly recordSha256: string;
  readonly reason: string;
  /** Who acknowledged it, as the record claims. */
  readonly actorId: string;
}

/** A record that is left out, as it is in the log now. */
export type LeftOutRecord = Pick<LeftOutAcknowledgement, 'recordId' | 'kind' | 'recordSha256'>;

/** The members of the audit record of an acknowledgement, as an entry of the log. */
export function leftOutAcknowledgementEntry({ actorId, ...details }: LeftOutAcknowledgement) {
  const [resourceType, resourceId] = ['audit_record', details.recordId];
  return { resourceType, resourceId, action: LEFT_OUT_ACKNOWLEDGED, actorId, details };
}

/** The id of that audit record, 24 hex digits: it derives from what is acknowledged, so there is one at most. */
export function leftOutAcknowledgementId({ recordId, kind, recordSha256 }: LeftOutRecord): string {
  const text = [LEFT_OUT_ACKNOWLEDGED, recordId, kind, recordSha256].join('\n');
  return sha256Hex(Buffer.from(text)).slice(0, 24);
}

/** What a record (BSON) acknowledges; undefined for a record that is no such acknowledgement. */
export function readLeftOutAcknowledgement(record: Buffer): LeftOutAcknowledgement | undefined {
  const claim = readClaim(record, LEFT_OUT_ACKNOWLEDGED);
  if (!claim) return undefined;
  const { actorId, details } = claim;
  const [recordId, kind, recordSha256, reason] = ['recordId', 'kind', 'recordSha256', 'reason'].map((name) =>
    details.get(name),
  );
  if (typeof recordId !== 'string' || typeof recordSha256 !== 'string' || typeof reason !== 'string')
    return undefined;
  const known = LEFT_OUT_KINDS.find((candidate) => candidate === kind);
  return known && { recordId, kind: known, recordSha256, reason, actorId };
}
