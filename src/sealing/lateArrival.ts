import type { SnapshotRow } from '../ports/snapshotRepository';

/** True for an instant that lies in a window which another snapshot had sealed before this one was opened. */
export function lateArrival(overlaps: SnapshotRow['overlaps']): (timestamp: string) => boolean {
  // Canonical instants of one length compare as text.
  return (timestamp) => overlaps.some(({ from, to }) => from <= timestamp && timestamp <= to);
}
