import {
  LEFT_OUT_KINDS,
  noneLeftOut,
  totalLeftOut,
  type LeftOutCounts,
  type LeftOutKind,
} from '../evidence/leftOut';
import {
  leftOutAcknowledgementId,
  readLeftOutAcknowledgement,
  type LeftOutAcknowledgement,
  type LeftOutRecord,
} from '../evidence/leftOutAcknowledgement';
import { readRecord } from '../evidence/recordBytes';
import { listedId } from '../evidence/recordIds';
import type { LeftOutScope, RecordSource } from '../ports/recordSource';
import { sha256Hex } from '../tlog/sha256';
import { SealedClaims, type ClaimDeps, type ClaimStanding } from './sealedClaims';

/** Acknowledgements are looked up for kinds of at most so many records: more of them are no old exceptions. */
export const MAX_LISTED_LEFT_OUT = 1_000;

/** A record that sealing leaves out, and what acknowledges it. */
export interface LeftOutState extends LeftOutRecord {
  readonly acknowledgement: (LeftOutAcknowledgement & ClaimStanding) | undefined;
}

/** The records that sealing leaves out. */
export interface LeftOutStates {
  readonly counts: LeftOutCounts;
  /** How many of them a sealed record acknowledges as they are now. */
  readonly acknowledged: LeftOutCounts;
  /** Of every kind with at most {@link MAX_LISTED_LEFT_OUT} records, all of them. */
  readonly listed: readonly LeftOutState[];
}

interface LeftOutDeps extends ClaimDeps {
  readonly records: Pick<RecordSource, 'findByIds' | 'countLeftOut'>;
  /** The records of these kinds as they are stored, at most {@link MAX_LISTED_LEFT_OUT} of each. */
  readonly scan: (
    scope: LeftOutScope,
    kinds: readonly LeftOutKind[],
  ) => AsyncIterable<{ readonly kind: LeftOutKind; readonly document: Uint8Array }>;
}

/**
 * Counts what sealing leaves out, and what of it is acknowledged. Where nothing is left out, it costs what counting costs.
 * DATABASE_*, STORAGE_*.
 */
export async function readLeftOut(deps: LeftOutDeps, scope: LeftOutScope): Promise<LeftOutStates> {
  const counts = await deps.records.countLeftOut(scope);
  const acknowledged = noneLeftOut();
  if (totalLeftOut(counts) === 0) return { counts, acknowledged, listed: [] };
  const kinds = LEFT_OUT_KINDS.filter((kind) => counts[kind] > 0 && counts[kind] <= MAX_LISTED_LEFT_OUT);
  const records = new Map<string, LeftOutRecord>();
  for await (const { kind, document } of deps.scan(scope, kinds)) {
    const recordId = listedId(readRecord(document, deps.members).id);
    const record = { recordId, kind, recordSha256: sha256Hex(document) };
    records.set(leftOutAcknowledgementId(record), record);
  }
  const found = await new SealedClaims(deps).find([...records.keys()], readLeftOutAcknowledgement);
  const given = new Map(found.map((one) => [leftOutAcknowledgementId(one), one]));
  const listed = [...records].map(([id, record]) => ({ ...record, acknowledgement: given.get(id) }));
  for (const { kind, acknowledgement } of listed)
    if (acknowledgement?.state === 'acknowledged') acknowledged[kind]++;
  return { counts, acknowledged, listed };
}

/** The counts of what nobody has acknowledged in a sealed record. */
export function openLeftOut({ counts, acknowledged }: Omit<LeftOutStates, 'listed'>): LeftOutCounts {
  const open = noneLeftOut();
  for (const kind of LEFT_OUT_KINDS) open[kind] = Math.max(0, counts[kind] - acknowledged[kind]);
  return open;
}
