import { connectDatabase } from '../mongo/connection';
import { formatDuration } from '../schedule/duration';
import { readDatabaseConfig, readSealingConfig } from '../config';
import { coverageOf, type CoverageSpan } from '../verify/coverage';
import { parseEntry } from '../evidence/ledgerEntry';
import { AuditService } from '../services/audit.service';
import { MongoJobStore } from '../mongo/jobStore';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { EXIT, type Output } from './output';

export interface StatusOptions {
  /** Seconds; longer behind than this is worth attention. */
  readonly maxLag?: number;
  readonly json?: boolean;
}

/** How sealing stands, by what the database says; whether the evidence holds is what `verify` says. */
interface Status {
  readonly state: 'healthy' | 'attention';
  /** Why it is worth attention, in words; empty when it is not. */
  readonly reasons: readonly string[];
  readonly origin: string;
  readonly ledgerSize: number;
  /** Up to here log time is sealed without a gap, counted from the first window; null before the first snapshot. */
  readonly sealedUntil: string | null;
  readonly lagSeconds: number | null;
  readonly gaps: readonly { readonly from: string; readonly to: string }[];
  /** Records that did not fit their own hash when they were sealed. */
  readonly findings: number;
  /** Unsealed records: in sealed log time, and behind it; null where counting takes too long. */
  readonly backlog: { readonly late: number | null; readonly waiting: number | null };
  readonly jobs: { readonly queued: number; readonly running: number; readonly failed: number };
}

const COUNT_MS = 10_000;
const MAX_JOBS = 100;
const RECENT_MS = 30 * 86_400_000;
const FIRST_INSTANT = new Date(0).toISOString();

/** Prints how sealing stands. Exit code 0 when all is well, 6 when something is worth attention. DATABASE_*. */
export async function status(options: StatusOptions, output: Output): Promise<number> {
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const found = await look(connection, options.maxLag);
    output.result(options.json === true ? JSON.stringify(found) : describe(found));
    return found.state === 'healthy' ? EXIT.ok : EXIT.attention;
  } finally {
    await connection.close();
  }
}

async function look(
  connection: Awaited<ReturnType<typeof connectDatabase>>,
  maxLagSeconds: number | undefined,
): Promise<Status> {
  const { origin, lateAllowanceMs } = readSealingConfig();
  const nowMs = Date.now();
  const ledger = new MongoLedgerSequencer(connection, origin);
  const { size } = await ledger.head();
  const entries = (await ledger.list(0, size)).map(parseEntry);
  const stretches = coverageOf(entries);
  const gaps = stretches.filter(({ state }) => state === 'missing');
  const sealedUntil = endOfFirstRun(stretches);
  const desk = new MongoJobStore(connection);
  const jobsIn = async (state: 'queued' | 'running') =>
    (await desk.list({ status: state, limit: MAX_JOBS, nowMs })).jobs.length;
  const { jobs: failed } = await desk.list({
    status: 'failed',
    limit: MAX_JOBS,
    createdFromMs: nowMs - RECENT_MS,
    nowMs,
  });
  // A window that was sealed since, by whichever job, is no failure any more.
  const unsealed = failed.filter(({ payload }) =>
    coverageOf(entries, payload).some(({ state }) => state === 'missing'),
  );
  const findings = await new MongoSnapshotRepository(connection).countFindings(origin);
  const log = new AuditService(connection);
  const count = (from: string, to: string) => countAtOnce(log, from, to);
  const late = sealedUntil === null ? 0 : await count(FIRST_INSTANT, sealedUntil);
  const behind = sealedUntil === null ? FIRST_INSTANT : new Date(Date.parse(sealedUntil) + 1).toISOString();
  const waiting = await count(behind, new Date(nowMs).toISOString());
  const overdue =
    sealedUntil === null
      ? 0
      : await count(
          FIRST_INSTANT,
          new Date(Math.min(Date.parse(sealedUntil), nowMs - lateAllowanceMs)).toISOString(),
        );
  const lagSeconds =
    sealedUntil === null ? null : Math.max(0, Math.round((nowMs - Date.parse(sealedUntil)) / 1000));
  const reasons = [
    ...gaps.map(
      ({ from, to }) => `not sealed: ${from} → ${to}; seal it: audit-snapshot seal --from ${from} --to ${to}`,
    ),
    ...unsealed.map(
      ({ _id, error }) => `job ${_id} failed (${error?.code ?? 'unknown'}), and its window is not sealed`,
    ),
    ...(findings > 0
      ? [`${findings} sealed records did not fit their own hash; see: audit-snapshot list, show`]
      : []),
    ...(overdue === null || overdue > 0
      ? [`${overdue ?? 'many'} records in sealed log time are not sealed; seal their window again`]
      : []),
    ...(maxLagSeconds !== undefined && (lagSeconds === null || lagSeconds > maxLagSeconds)
      ? [
          lagSeconds === null
            ? 'nothing was ever sealed'
            : `nothing is sealed for ${formatDuration(lagSeconds)}`,
        ]
      : []),
  ];
  return {
    state: reasons.length === 0 ? 'healthy' : 'attention',
    reasons,
    origin,
    ledgerSize: size,
    sealedUntil,
    lagSeconds,
    gaps: gaps.map(({ from, to }) => ({ from, to })),
    findings,
    backlog: { late, waiting },
    jobs: { queued: await jobsIn('queued'), running: await jobsIn('running'), failed: unsealed.length },
  };
}

function endOfFirstRun(stretches: readonly CoverageSpan[]): string | null {
  const gap = stretches.findIndex(({ state }) => state === 'missing');
  return stretches.at(gap < 0 ? -1 : gap - 1)?.to ?? null;
}

/** Null when it takes too long: a number that holds everybody up is not worth it. */
async function countAtOnce(log: AuditService, from: string, to: string): Promise<number | null> {
  const signal = AbortSignal.timeout(COUNT_MS);
  try {
    return await log.countUnsealed({ from, to }, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function describe(found: Status): string {
  const { state, reasons, origin, ledgerSize, sealedUntil, lagSeconds, gaps, findings, backlog, jobs } =
    found;
  const lines: [string, string][] = [
    ['state', state],
    ['ledger', `${origin}, ${ledgerSize} snapshots`],
    [
      'sealed until',
      sealedUntil === null
        ? 'nothing is sealed yet'
        : `${sealedUntil}, ${formatDuration(lagSeconds ?? 0)} ago`,
    ],
    ['gaps', String(gaps.length)],
    ['findings', String(findings)],
    ['not sealed yet', `${countOf(backlog.waiting)} records, and ${countOf(backlog.late)} that came late`],
    ['jobs', `${jobs.queued} queued, ${jobs.running} running, ${jobs.failed} failed`],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(15)} ${value}`).join('\n');
  return [text, ...reasons.map((reason) => `  ! ${reason}`)].join('\n');
}

function countOf(value: number | null): string {
  return value === null ? 'many' : String(value);
}
