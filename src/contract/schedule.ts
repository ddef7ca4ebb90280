import type { AuditSnapshotResult, OnTamper, TimePolicy } from './snapshot';
import type { Window } from './window';

/** Persisted names: workflow type, and the prefix of the workflow ids that a Schedule starts. */
export const SCHEDULE_WORKFLOW = 'auditScheduleWorkflow';
export const SCHEDULE_WORKFLOW_PREFIX = 'audit-schedule/';

/** Defaults of members that an input leaves out. */
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

/** Input of auditScheduleWorkflow, which a Temporal Schedule starts. It holds everything that decides the windows. */
export interface AuditScheduleInput extends Cadence, TimePolicy {
  readonly scheduleId: string;
  /** The first instant of the log that this schedule seals, in whole seconds. */
  readonly startAt: string;
  /** How long after its end a window is sealed, so that slow writers can finish. Default 300. */
  readonly settleSeconds?: number;
  /** How far back before the newest window each run looks for records that arrived late. Default 86,400; 0: never. */
  readonly lookbackSeconds?: number;
  readonly onTamper?: OnTamper;
  /** Only for a run that no Schedule starts: its nominal time. A Schedule provides its own. */
  readonly nominalTime?: string;
}

/** One snapshot of a run, by reference. */
export interface SealedWindow {
  readonly jobId: string;
  readonly window: Window;
  readonly recordCount: number;
}

/** What has been sealed so far; the lists hold the newest snapshots, the counts cover all. */
export interface ScheduleTally {
  readonly windowCount: number;
  readonly recordCount: number;
  readonly findingCount: number;
  readonly windows: readonly SealedWindow[];
  /** Records that arrived late, in windows that were sealed already. */
  readonly lateCount: number;
  readonly late: readonly SealedWindow[];
}

/** How far the log is sealed without a gap since `startAt`. The next run checks the claim by the job it names. */
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
  /** This run seals everything before this instant; null until it is known, or when no window has ended yet. */
  readonly target: string | null;
  /** First instant that is not sealed; null until it is known. */
  readonly sealedUntil: string | null;
  /** Windows that are left, including the current one. */
  readonly left: number;
  readonly current?: { readonly jobId: string; readonly window: Window };
  /** When sealing begins; only while settling. */
  readonly settledAt?: string;
  readonly failure?: string;
}

/** Result of one run of a schedule. */
export interface AuditScheduleResult extends ScheduleTally {
  readonly scheduleId: string;
  readonly nominalTime: string;
  readonly target: string | null;
  /** Null as long as nothing is sealed. */
  readonly sealed: SealedUntil | null;
}

/** What one run passes to the next by continue-as-new. */
export interface ContinuedSchedule {
  readonly nominalTime: string;
  readonly tally: ScheduleTally;
  readonly sealed: SealedUntil | null;
  /** Start of the first window this run sealed; null when it has sealed none. */
  readonly firstSealed: string | null;
}

export interface ResolvedTarget {
  /** The last boundary up to the nominal time; null when it is not after `startAt`. */
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
  /** Windows up to the target, including `next`. */
  readonly left: number;
}

export interface NextLateInput {
  readonly schedule: AuditScheduleInput;
  readonly target: string;
  /** Start of the first window that this run sealed: after an outage the search for late records reaches back to it. */
  readonly firstSealed: string | null;
}

/** The activities of auditScheduleWorkflow. They only read; auditSnapshotWorkflow seals what they plan. */
export interface ScheduleActivities {
  resolveTarget(input: {
    readonly schedule: AuditScheduleInput;
    readonly nominalTime: string;
  }): Promise<ResolvedTarget>;
  /** The next unsealed window of the schedule. */
  nextWindow(input: NextWindowInput): Promise<NextWindow>;
  /** The supplementary snapshot of records that arrived late; null when there are none. */
  nextLate(input: NextLateInput): Promise<PlannedSnapshot | null>;
  /** The result of a snapshot that another run seals; null when that run ended without one. WINDOW_BUSY (retryable) until it ends. */
  awaitSnapshot(input: { readonly jobId: string }): Promise<AuditSnapshotResult | null>;
}
