import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors';

/** How a process exited: by itself with a code, or by a signal. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WorkerProcess {
  /** The name under which Temporal knows it; no two processes ever share one. */
  readonly identity: string;
  readonly pid: number | undefined;
  /** Resolves when it polls for work; never when it exits before. */
  readonly started: Promise<void>;
  readonly exited: Promise<ExitStatus>;
  signal(name: NodeJS.Signals): void;
}

/** `dead` from its exit until its replacement has polled for long enough to count as healthy. */
export type ProcessState = 'starting' | 'running' | 'dead';

export interface SupervisorDeps {
  /** `index` counts the places of the processes from 0; a replacement gets the place of the process that exited. */
  start(index: number): WorkerProcess;
  /** Gets every change of state of the process at a place. */
  onState(index: number, state: ProcessState): void;
  /** Frees the work of the dead process with this identity for other workers; returns the number of activities. */
  recoverWork(identity: string): Promise<number>;
  /** Resolves after that time, or as soon as the signal is aborted; never rejects. */
  pause(ms: number, stopping: AbortSignal): Promise<void>;
  nowMs(): number;
  readonly log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
}

/** A process that polled for at least this long was healthy: its replacement starts without a pause. */
const HEALTHY_AFTER_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * When to look for the work of a dead process, after its exit. At once; then again, because a task may have been on its
 * way to it, and because Temporal lists a workflow only some time after it started.
 */
const RECOVERY_TIMES_MS = [0, 1_000, 4_000];

/**
 * Keeps `count` worker processes running until `stopping` is aborted, then returns 0 once all have drained. The first
 * process starts alone: when it cannot start, nothing is retried and its exit code is returned. A process that exits later
 * is replaced and its work recovered, with growing pauses while replacements do not last.
 */
export async function superviseWorkers(
  deps: SupervisorDeps,
  count: number,
  stopping: AbortSignal,
): Promise<number> {
  const first = deps.start(0);
  const failed = await Promise.race([first.started.then(() => undefined), first.exited]);
  if (failed) return exitCodeOf(failed, stopping);

  let missing = count;
  const onStarted = (): void => {
    if (--missing === 0) deps.log.info({ processes: count }, 'worker processes started');
  };
  const processes = [first, ...Array.from({ length: count - 1 }, (_, index) => deps.start(index + 1))];
  for (const { started } of processes) void started.then(onStarted);
  const outcomes = await Promise.all(
    processes.map((child, index) => keepAlive(deps, index, child, stopping)),
  );

  await Promise.all(outcomes.flatMap(({ recoveries }) => recoveries));
  return Math.max(...outcomes.map(({ exitCode }) => exitCode));
}

/** Replaces a process whenever it exits; resolves when `stopping` is aborted and the latest one has exited. */
async function keepAlive(
  deps: SupervisorDeps,
  index: number,
  first: WorkerProcess,
  stopping: AbortSignal,
): Promise<{ readonly exitCode: number; readonly recoveries: readonly Promise<void>[] }> {
  const recoveries: Promise<void>[] = [];
  let earlyExits = 0;
  deps.onState(index, 'starting');
  for (let child = first; ; child = deps.start(index)) {
    void reportRunning(deps, index, child, earlyExits > 0, stopping);
    const { status, ranMs } = await waitForExit(deps, child);
    deps.onState(index, 'dead');
    if (!hasDrained(status)) recoveries.push(recoverRepeatedly(deps, child, stopping));
    if (stopping.aborted) return { exitCode: exitCodeOf(status, stopping), recoveries };

    earlyExits = ranMs >= HEALTHY_AFTER_MS ? 0 : earlyExits + 1;
    const pauseMs = pauseAfter(earlyExits);
    const facts = { identity: child.identity, pid: child.pid, ...status, ranMs, restartInMs: pauseMs };
    deps.log.error(facts, 'a worker process exited and is replaced');
    if (pauseMs > 0) await deps.pause(pauseMs, stopping);
    if (stopping.aborted) return { exitCode: 0, recoveries };
  }
}

/** A process whose predecessor did not last counts as running only when it has lasted itself. */
async function reportRunning(
  deps: SupervisorDeps,
  index: number,
  child: WorkerProcess,
  onProbation: boolean,
  stopping: AbortSignal,
): Promise<void> {
  let exited = false;
  void child.exited.then(() => (exited = true));
  await child.started;
  if (onProbation) await deps.pause(HEALTHY_AFTER_MS, stopping);
  if (!exited) deps.onState(index, 'running');
}

/** `ranMs` counts from when the process first polled. */
async function waitForExit(
  deps: SupervisorDeps,
  child: WorkerProcess,
): Promise<{ readonly status: ExitStatus; readonly ranMs: number }> {
  let startedMs: number | undefined;
  void child.started.then(() => (startedMs = deps.nowMs()));
  const status = await child.exited;
  return { status, ranMs: startedMs === undefined ? 0 : deps.nowMs() - startedMs };
}

function pauseAfter(earlyExits: number): number {
  return earlyExits === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (earlyExits - 1));
}

async function recoverRepeatedly(
  deps: SupervisorDeps,
  { identity }: WorkerProcess,
  stopping: AbortSignal,
): Promise<void> {
  let waitedMs = 0;
  for (const atMs of RECOVERY_TIMES_MS) {
    if (atMs > waitedMs) await deps.pause(atMs - waitedMs, stopping);
    waitedMs = atMs;
    try {
      const activities = await deps.recoverWork(identity);
      if (activities > 0) deps.log.warn({ identity, activities }, 'recovered activities of a dead process');
    } catch (error) {
      const facts = { identity, reason: messageOf(error) };
      deps.log.error(
        facts,
        'could not recover activities; Temporal retries them after their heartbeat timeout',
      );
    }
    if (stopping.aborted) return;
  }
}

/** A process that drained has finished its work or returned it to Temporal itself. */
function hasDrained({ code }: ExitStatus): boolean {
  return code === 0;
}

/** A process that was told to stop before it could drain, or twice, is ended by that signal; that is no failure. */
function exitCodeOf({ code, signal }: ExitStatus, stopping: AbortSignal): number {
  const asTold = stopping.aborted && (signal === 'SIGTERM' || signal === 'SIGINT');
  return asTold ? 0 : (code ?? 1);
}

/** Resolves after that time, or as soon as the signal is aborted; never rejects. */
export function pauseUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
