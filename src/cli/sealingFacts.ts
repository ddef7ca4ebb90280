import type { Connection } from 'mongoose';
import type { SealingConfig } from '../config';
import { SnapshotError, messageOf } from '../errors';
import type { LedgerEntry } from '../evidence/ledgerEntry';
import type { StuckState } from '../jobs/stuckStates';
import { noneLeftOut, type LeftOutCounts } from '../evidence/leftOut';
import type { RecordSourceNames } from '../evidence/recordMembers';
import { MongoJobStore } from '../mongo/jobStore';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { AuditService } from '../services/audit.service';
import { coverageOf, type CoverageSpan } from '../verify/coverage';
import type { FindingState } from '../verify/findingStates';
import { uncoveredBy } from '../verify/uncovered';
import { countUnsealed } from './countUnsealed';
import { findingsOf, leftOutOf, readEntries } from './findings';
import { compareWithBucket } from './ledgerComparison';
import { compareWithTemporal } from './stuckComparison';

/** How far sealing is, as the database has it. Whether the evidence holds is what `verify` answers. */
export interface SealingFacts {
  readonly origin: string;
  readonly ledgerSize: number;
  /** Why the ledgers of bucket and database do not agree, or were not compared, with the code; null when they agree. */
  readonly ledgerDifference: string | null;
  /** What nothing continues by itself, by database, ledger and Temporal. */
  readonly stuck: readonly StuckState[];
  /** Why Temporal was not compared, with the code; null when it was. */
  readonly temporalFailure: string | null;
  /** Log time is sealed without a gap up to here, counted from the first window; null before the first snapshot. */
  readonly sealedUntil: string | null;
  readonly lagSeconds: number | null;
  readonly gaps: readonly { readonly from: string; readonly to: string }[];
  /** Records that did not match their own hash when they were sealed. */
  readonly findings: number;
  /** How many of them a sealed record acknowledges. */
  readonly acknowledgedFindings: number;
  /** How many of them a record acknowledges that is not sealed yet. */
  readonly pendingFindings: number;
  /** Records that sealing leaves out, by kind, each counted up to 10,000. */
  readonly leftOut: LeftOutCounts;
  /** How many of them a sealed record acknowledges, by kind. */
  readonly acknowledgedLeftOut: LeftOutCounts;
  /** Unsealed records; null where counting takes too long. */
  readonly unsealed: {
    /** In sealed log time. */
    readonly late: number | null;
    /** In sealed log time, and older than the allowance for late records. */
    readonly overdue: number | null;
    /** After the sealed log time. */
    readonly waiting: number | null;
    /** Dated more than a day in the future: they wait until that time has passed. */
    readonly future: number | null;
  };
  readonly jobs: {
    readonly queued: number;
    readonly running: number;
    /** Failed in the last 30 days, and their windows are not sealed. */
    readonly failed: readonly { readonly jobId: string; readonly code: string }[];
  };
}

const MAX_JOBS = 100;
const RECENT_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;
const FIRST_INSTANT = '0000-01-01T00:00:00.000Z';
const LAST_INSTANT = '9999-12-31T23:59:59.999Z';

/** Measures how far sealing is. DATABASE_*. */
export async function measureSealing(
  connection: Connection,
  { origin, source, lateAllowanceMs }: Pick<SealingConfig, 'origin' | 'source' | 'lateAllowanceMs'>,
  nowMs: number,
): Promise<SealingFacts> {
  const entries = await readEntries(connection, origin);
  const spans = coverageOf(entries);
  const sealedUntil = endOfFirstRun(spans);
  const sealed = entries.map(({ snapshotId }) => snapshotId);
  const log = new AuditService(connection, source);
  return {
    origin,
    ledgerSize: entries.length,
    ledgerDifference: await differenceFromBucket(connection, origin),
    ...(await measureStuck(connection, origin, sealed, nowMs)),
    sealedUntil,
    lagSeconds: sealedUntil === null ? null : lagOf(sealedUntil, nowMs),
    gaps: spans.filter(({ state }) => state === 'missing').map(({ from, to }) => ({ from, to })),
    ...(await measureFindings(connection, { origin, source }, entries)),
    ...(await measureLeftOut(connection, source, entries)),
    unsealed: await measureUnsealed(log, sealedUntil, lateAllowanceMs, nowMs),
    jobs: await measureJobs(new MongoJobStore(connection), entries, nowMs),
  };
}

/** Where storage does not answer, which is a reason of its own, nothing counts as acknowledged. */
async function measureFindings(
  connection: Connection,
  { origin, source }: Pick<SealingConfig, 'origin' | 'source'>,
  entries: readonly LedgerEntry[],
): Promise<Pick<SealingFacts, 'findings' | 'acknowledgedFindings' | 'pendingFindings'>> {
  const snapshots = await new MongoSnapshotRepository(connection).listWithFindings(origin);
  const findings = snapshots.reduce((sum, { findingCount }) => sum + findingCount, 0);
  if (findings === 0) return { findings, acknowledgedFindings: 0, pendingFindings: 0 };
  const states = await unlessStorageFails(findingsOf(connection, source, entries, snapshots));
  const count = (state: FindingState) => (states ?? []).reduce((sum, { counts }) => sum + counts[state], 0);
  return { findings, acknowledgedFindings: count('acknowledged'), pendingFindings: count('pending') };
}

async function measureLeftOut(
  connection: Connection,
  source: RecordSourceNames,
  entries: readonly LedgerEntry[],
): Promise<Pick<SealingFacts, 'leftOut' | 'acknowledgedLeftOut'>> {
  const states = await unlessStorageFails(leftOutOf(connection, source, entries));
  if (states) return { leftOut: states.counts, acknowledgedLeftOut: states.acknowledged };
  const uncovered = uncoveredBy(entries.map(({ window }) => window));
  const leftOut = await new AuditService(connection, source).countLeftOut({ uncovered });
  return { leftOut, acknowledgedLeftOut: noneLeftOut() };
}

async function unlessStorageFails<T>(states: Promise<T>): Promise<T | undefined> {
  try {
    return await states;
  } catch (error) {
    if (error instanceof SnapshotError && /^(STORAGE_|CONFIG_INVALID)/.test(error.code)) return undefined;
    throw error;
  }
}

/** A bucket that cannot be read is a reason as well: sealing needs it. */
async function differenceFromBucket(connection: Connection, origin: string): Promise<string | null> {
  try {
    await compareWithBucket(connection, origin);
    return null;
  } catch (error) {
    return describeFailure(error);
  }
}

function describeFailure(error: unknown): string {
  const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
  return `[${code}] ${messageOf(error)}`;
}

/** Temporal may be out of reach; then everything else is still worth knowing. */
async function measureStuck(
  connection: Connection,
  origin: string,
  sealed: readonly string[],
  nowMs: number,
): Promise<Pick<SealingFacts, 'stuck' | 'temporalFailure'>> {
  try {
    return { stuck: await compareWithTemporal(connection, origin, sealed, nowMs), temporalFailure: null };
  } catch (error) {
    return { stuck: [], temporalFailure: describeFailure(error) };
  }
}

/** The end of the spans before the first gap. */
function endOfFirstRun(spans: readonly CoverageSpan[]): string | null {
  const gap = spans.findIndex(({ state }) => state === 'missing');
  return spans.at(gap < 0 ? -1 : gap - 1)?.to ?? null;
}

function lagOf(sealedUntil: string, nowMs: number): number {
  return Math.max(0, Math.round((nowMs - Date.parse(sealedUntil)) / 1000));
}

async function measureUnsealed(
  log: AuditService,
  sealedUntil: string | null,
  lateAllowanceMs: number,
  nowMs: number,
): Promise<SealingFacts['unsealed']> {
  const now = new Date(nowMs).toISOString();
  const tomorrow = new Date(nowMs + DAY_MS).toISOString();
  const future = await countUnsealed(log, { from: tomorrow, to: LAST_INSTANT });
  if (sealedUntil === null) {
    const waiting = await countUnsealed(log, { from: FIRST_INSTANT, to: now });
    return { late: 0, overdue: 0, waiting, future };
  }
  const sealedUntilMs = Date.parse(sealedUntil);
  const overdueUntil = new Date(Math.min(sealedUntilMs, nowMs - lateAllowanceMs)).toISOString();
  return {
    late: await countUnsealed(log, { from: FIRST_INSTANT, to: sealedUntil }),
    overdue: await countUnsealed(log, { from: FIRST_INSTANT, to: overdueUntil }),
    waiting: await countUnsealed(log, { from: new Date(sealedUntilMs + 1).toISOString(), to: now }),
    future,
  };
}

async function measureJobs(
  store: MongoJobStore,
  entries: readonly LedgerEntry[],
  nowMs: number,
): Promise<SealingFacts['jobs']> {
  const count = async (status: 'queued' | 'running') =>
    (await store.list({ status, limit: MAX_JOBS, nowMs })).jobs.length;
  const recent = { createdFromMs: nowMs - RECENT_MS, limit: MAX_JOBS, nowMs };
  const { jobs: failed } = await store.list({ status: 'failed', ...recent });
  // A window that any job has sealed since is not a failure any more.
  const unsealed = failed.filter(({ payload }) =>
    coverageOf(entries, payload).some(({ state }) => state === 'missing'),
  );
  return {
    queued: await count('queued'),
    running: await count('running'),
    failed: unsealed.map(({ _id, error }) => ({ jobId: _id, code: error?.code ?? 'unknown' })),
  };
}
