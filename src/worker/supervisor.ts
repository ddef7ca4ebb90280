import { setTimeout as delay } from 'node:timers/promises';

/** How a process ended: by itself with a code, or by a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WorkerProcess {
  /** What Temporal knows it by; no two processes ever share one. */
  readonly identity: string;
  readonly pid: number | undefined;
  /** Resolves when it polls for work; never when it ends before. */
  readonly started: Promise<void>;
  readonly ended: Promise<Ending>;
  signal(name: NodeJS.Signals): void;
}

export interface SupervisorDeps {
  start(): WorkerProcess;
  /** Makes others take up at once what the process with this identity was running; returns how much that was. */
  handOver(identity: string): Promise<number>;
  /** Ends early, without an error, when the signal is aborted. */
  pause(ms: number, stopping: AbortSignal): Promise<void>;
  nowMs(): number;
  readonly log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
}

/** A process that polled for so long before it ended was well: the next one starts without a pause. */
const STEADY_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * When to look for what a dead process left. At once; then again, because a task may have been on its way to it, and
 * because Temporal lists a workflow only some time after it began.
 */
const HAND_OVER_AFTER_MS = [0, 1_000, 4_000];

/**
 * Keeps `count` worker processes running until `stopping` is aborted, then returns 0 when all have drained. The first
 * one starts alone: when it cannot, nothing is retried, and its exit code is returned. One that ends later is handed
 * over and replaced, with growing pauses while replacements do not last.
 */
export async function superviseWorkers(
  deps: SupervisorDeps,
  count: number,
  stopping: AbortSignal,
): Promise<number> {
  const handOvers: Promise<void>[] = [];
  let missing = count;
  const onStarted = (): void => {
    if (--missing === 0) deps.log.info({ processes: count }, 'worker processes started');
  };
  const run = async (child: WorkerProcess): Promise<{ ending: Ending; ranMs: number }> => {
    let startedMs: number | undefined;
    void child.started.then(() => (startedMs = deps.nowMs()));
    const ending = await child.ended;
    if (!isClean(ending)) handOvers.push(handOver(deps, child, stopping));
    return { ending, ranMs: startedMs === undefined ? 0 : deps.nowMs() - startedMs };
  };
  const keepAlive = async (first: WorkerProcess | undefined): Promise<number> => {
    let child = first ?? deps.start();
    void child.started.then(onStarted);
    for (let early = 0; ; child = deps.start()) {
      const { ending, ranMs } = await run(child);
      if (stopping.aborted) return exitCodeOf(ending, stopping);
      early = ranMs >= STEADY_MS ? 0 : early + 1;
      const pauseMs = early === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (early - 1));
      const facts = { identity: child.identity, pid: child.pid, ...ending, ranMs, restartInMs: pauseMs };
      deps.log.error(facts, 'a worker process ended; it is replaced');
      if (pauseMs > 0) await deps.pause(pauseMs, stopping);
      if (stopping.aborted) return 0;
    }
  };

  const first = deps.start();
  const failed = await Promise.race([first.started.then(() => undefined), first.ended]);
  if (failed) return exitCodeOf(failed, stopping);
  const places = [first, ...Array.from({ length: count - 1 }, () => undefined)];
  const codes = await Promise.all(places.map(keepAlive));
  await Promise.all(handOvers);
  return Math.max(...codes);
}

async function handOver(
  deps: SupervisorDeps,
  { identity }: WorkerProcess,
  stopping: AbortSignal,
): Promise<void> {
  let waitedMs = 0;
  for (const afterMs of HAND_OVER_AFTER_MS) {
    if (afterMs > waitedMs) await deps.pause(afterMs - waitedMs, stopping);
    waitedMs = afterMs;
    try {
      const activities = await deps.handOver(identity);
      if (activities > 0)
        deps.log.warn({ identity, activities }, 'handed over what a dead process was running');
    } catch (error) {
      // Temporal notices a silent activity by itself, only later.
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.error({ identity, reason }, 'could not hand over; the heartbeat timeout will');
    }
    if (stopping.aborted) return;
  }
}

/** It has drained: whatever it was running it has ended or given back itself. */
function isClean({ code }: Ending): boolean {
  return code === 0;
}

/** A process that was told to stop before it could drain, or twice, ended by that signal, as it should. */
function exitCodeOf({ code, signal }: Ending, stopping: AbortSignal): number {
  const asTold = stopping.aborted && (signal === 'SIGTERM' || signal === 'SIGINT');
  return asTold ? 0 : (code ?? 1);
}

/** The real pause. */
export function pauseUnless(ms: number, stopping: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal: stopping }).catch(() => undefined);
}
