import type { AuditSnapshotResult, OnTamper } from './snapshot';
import type { Window } from './window';

/** Persisted names: workflow type, and the prefix of the workflow ids that a Schedule starts. */
export const SCHEDULE_WORKFLOW = 'auditScheduleWorkflow';
export const SCHEDULE_WORKFLOW_PREFIX = 'audit-schedule/';

/** Defaults of what an input leaves out. */
export const DEFAULT_SETTLE_SECONDS = 300;
export const DEFAULT_LOOKBACK_SECONDS = 86_400;

/** Where windows end: at instants of the epoch grid `offset + n × every`, or at the times of a cron expression. */
export interface Cadence {
  readonly everySeconds?: number;
  /** Default 0; below `everySeconds`. */
  readonly offsetSeconds?: number;
  /** Five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`; instead of `everySeconds`. */
  readonly cron?: string;
  /** IANA name that `cron` is read in. Default `UTC`. */
  readonly timezone?: string;
}

/** Input of auditScheduleWorkflow, which a Temporal Schedule starts. All that decides the windows stands here. */
export interface AuditScheduleInput extends Cadence {
  readonly scheduleId: string;
  /** The first instant of the log that this schedule seals, in whole seconds: every window since belongs to it. */
  readonly startAt: string;
  /** How long after a window has ended its last records may be written. Default 300. */
  readonly settleSeconds?: number;
  /** How far behind the newest window records that arrived late are looked for. Default 86,400; 0: never. */
  readonly lookbackSeconds?: number;
  readonly onTamper?: OnTamper;
  /** Of each snapshot. Default 3 × 3600 s. */
  readonly maxAttempts?: number;
  readonly timeoutSeconds?: number;
  /** Only for a run that is started by hand: the time it stands for. A Schedule gives its own. */
  readonly nominalTime?: string;
}

/** One snapshot of a run, by reference. */
export interface SealedWindow {
  readonly jobId: string;
  readonly window: Window;
  readonly recordCount: number;
}

/** What was sealed so far; the lists hold the newest, the counts all. */
export interface ScheduleTally {
  readonly windowCount: number;
  readonly recordCount: number;
  readonly findingCount: number;
  readonly windows: readonly SealedWindow[];
  /** Records that had arrived late in windows sealed before. */
  readonly lateCount: number;
  readonly late: readonly SealedWindow[];
}

/** How far the log is sealed without a gap since `startAt`. The job is named so that the claim can be checked. */
export interface SealedUntil {
  readonly startAt: string;
  /** First instant that is not sealed. */
  readonly until: string;
  readonly jobId: string;
}

export type ScheduleStage = 'planning' | 'settling' | 'sealing' | 'late' | 'done' | 'failed';

/** Answer of the query `progress` of auditScheduleWorkflow. */
export interface ScheduleProgress extends ScheduleTally {
  readonly stage: ScheduleStage;
  readonly scheduleId: string;
  readonly nominalTime: string;
  /** Everything in front of this instant is to be sealed; null until it is known, or when no window has ended yet. */
  readonly target: string | null;
  /** First instant that is not sealed; null until it is known. */
  readonly sealedUntil: string | null;
  /** Windows that are left, the one under way included. */
  readonly left: number;
  readonly current?: { readonly jobId: string; readonly window: Window };
  /** While settling: when sealing begins. */
  readonly settledAt?: string;
  readonly failure?: string;
}

/** Result of one run of a schedule. */
export interface AuditScheduleResult extends ScheduleTally {
  readonly scheduleId: string;
  readonly nominalTime: string;
  readonly target: string | null;
  /** Null while nothing is sealed. */
  readonly sealed: SealedUntil | null;
}

/** What one run hands to the next by continue-as-new. */
export interface ContinuedSchedule {
  readonly nominalTime: string;
  readonly tally: ScheduleTally;
  readonly sealed: SealedUntil | null;
  /** Begin of the first window this run sealed; null when it sealed none yet. */
  readonly firstSealed: string | null;
}

export interface ResolvedTarget {
  /** The last end of a window that the nominal time allows; null when none lies behind `startAt`. */
  readonly target: string | null;
}

export interface NextWindowInput {
  readonly schedule: AuditScheduleInput;
  readonly target: string;
  readonly sealed: SealedUntil | null;
}

export interface PlannedSnapshot {
  readonly jobId: string;
  readonly window: Window;
  readonly onTamper: OnTamper;
}

export interface NextWindow {
  readonly sealed: SealedUntil | null;
  readonly next: PlannedSnapshot | null;
  /** Windows up to the target, `next` included. */
  readonly left: number;
}

export interface NextLateInput {
  readonly schedule: AuditScheduleInput;
  readonly target: string;
  /** Begin of the first window that this run sealed: what came late while no run did is looked for as well. */
  readonly firstSealed: string | null;
}

/** The activities of auditScheduleWorkflow. All only read; what they plan is sealed by auditSnapshotWorkflow. */
export interface ScheduleActivities {
  resolveTarget(input: {
    readonly schedule: AuditScheduleInput;
    readonly nominalTime: string;
  }): Promise<ResolvedTarget>;
  /** The next window of the schedule that is not sealed. */
  nextWindow(input: NextWindowInput): Promise<NextWindow>;
  /** The supplementary snapshot of records that arrived late; null when there are none. */
  nextLate(input: NextLateInput): Promise<PlannedSnapshot | null>;
  /** The result of a snapshot that another run seals: WINDOW_BUSY (retryable) until that run has ended, null when it ended without one. */
  awaitSnapshot(input: { readonly jobId: string }): Promise<AuditSnapshotResult | null>;
}
