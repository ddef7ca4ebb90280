import { SnapshotError } from '../errors';

/** Evidence that is not in its one canonical spelling: EVIDENCE_MALFORMED. */
export function malformed(what: string, cause?: unknown): SnapshotError {
  return new SnapshotError('EVIDENCE_MALFORMED', what, { cause });
}
