import type { Hash } from 'node:crypto';
import type { Position } from '../contract/activities';
import type { Bounds } from '../contract/window';
import type { SealedAcknowledgement } from '../evidence/acknowledgement';
import { MAX_LISTED_FINDINGS } from '../evidence/limits';
import type { Manifest } from '../evidence/manifest';
import type { FindingKind } from '../evidence/recordFinding';
import { listedPosition } from '../evidence/recordOrder';
import type { IdSet } from './idSet';
import type { LateWindows } from './lateWindows';

/** The ids of another snapshot whose window overlaps. */
export interface OverlappingIds {
  readonly snapshotId: string;
  readonly ids: IdSet;
}

/** What the records of a snapshot are compared with, and what accumulates from chunk to chunk. */
export interface RecordTally {
  readonly bounds: Bounds;
  /** The findings that the manifest lists, by index of the record. */
  readonly known: ReadonlyMap<number, FindingKind>;
  readonly late: LateWindows | undefined;
  readonly others: readonly OverlappingIds[];
  /** Over the texts of the hashes, SHA-256. */
  readonly digest: Hash;
  /** False once a chunk was not read: totals over all records cannot be compared then. */
  isComplete: boolean;
  readonly findings: Manifest['findings'];
  lateCount: number;
  /** Records that acknowledge findings, the first of them. */
  readonly acknowledgements: SealedAcknowledgement[];
  readonly ids: IdSet;
  /** Of the record before; undefined at the start, and after a chunk that was not read. */
  previous: Position | undefined;
}

/** Totals cannot be compared any more, and the place of the next record is unknown. */
export function skipChunk(tally: RecordTally): void {
  tally.isComplete = false;
  tally.previous = undefined;
}

/** Keeps what a record acknowledges; beyond a limit, further records acknowledge nothing. */
export function addAcknowledgement({ acknowledgements }: RecordTally, given: SealedAcknowledgement): void {
  if (acknowledgements.length < MAX_LISTED_FINDINGS) acknowledgements.push(given);
}

/** What the layer `chunks` compares. */
export function describeRecords(
  count: number,
  first: Position | undefined,
  last: Position | undefined,
): string {
  return `${count} records from ${describePosition(first)} to ${describePosition(last)}`;
}

/** A position in a report. */
export function describePosition(position: Position | undefined): string {
  if (!position) return 'none in the window';
  const { timestamp, id } = listedPosition(position);
  return `${timestamp} ${id}`;
}
