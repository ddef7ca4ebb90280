import { SnapshotError, messageOf, type ErrorCode } from '../../errors';

/** One measurement that is repeated as long as the supervisor runs. */
export interface Probe {
  readonly name: string;
  /** Reads a bounded amount and sets gauges. */
  readonly measure: (signal: AbortSignal) => Promise<void>;
}

export interface ProbeRun {
  /** Pause after the end of a measurement. */
  readonly intervalMs: number;
  readonly stopping: AbortSignal;
  readonly nowMs: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onError: (code: ErrorCode) => void;
  readonly log: { readonly warn: (facts: object, message: string) => void };
}

const TIMEOUT_MS = 30_000;
/** A measurement gets at most a twentieth of the time: one that took t is repeated after 20 t at the earliest. */
const REST = 20;

/** Repeats each probe until `stopping` is aborted. A failed measurement is counted by its code and logged; the next one is tried. */
export async function runProbes(probes: readonly Probe[], run: ProbeRun): Promise<void> {
  await Promise.all(probes.map((probe) => repeat(probe, run)));
}

async function repeat({ name, measure }: Probe, run: ProbeRun): Promise<void> {
  const { intervalMs, stopping, nowMs, pause, onError, log } = run;
  let reported: ErrorCode | undefined;
  while (!stopping.aborted) {
    const startedMs = nowMs();
    try {
      await within(AbortSignal.any([stopping, AbortSignal.timeout(TIMEOUT_MS)]), measure);
      reported = undefined;
    } catch (error) {
      if (stopping.aborted) return;
      const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
      onError(code);
      // A server that is away for hours is one line, not one a minute.
      if (code !== reported)
        log.warn({ probe: name, code, reason: messageOf(error) }, 'a metric is not up to date');
      reported = code;
    }
    await pause(Math.max(intervalMs, REST * (nowMs() - startedMs)), stopping);
  }
}

/** Not every client takes a signal, so a call that does not answer is left alone. */
function within(signal: AbortSignal, measure: Probe['measure']): Promise<void> {
  return new Promise((resolve, reject) => {
    const message = 'the measurement took too long';
    const abort = () => reject(new SnapshotError('INTERNAL', message, { cause: signal.reason }));
    signal.addEventListener('abort', abort, { once: true });
    measure(signal).then(resolve, reject);
  });
}
