import { lastLines } from './logTail';
import type { ServerName } from './serverName';

export type Phase =
  | 'waiting'
  | 'installing'
  | 'starting'
  | 'provisioning'
  | 'ready'
  | 'external'
  | 'stopping'
  | 'stopped'
  | 'failed';

/** One step of one server. `elapsedMs` counts from the start of the present call. */
interface ProgressEvent {
  readonly server: ServerName;
  readonly phase: Phase;
  readonly elapsedMs: number;
  readonly detail?: string | undefined;
  /** The log that grows meanwhile. */
  readonly logPath?: string | undefined;
}

export type OnProgress = (event: ProgressEvent) => void;

export interface ProgressLines {
  readonly report: OnProgress;
  /** Ends the heartbeat; the process can then end by itself. */
  end(): void;
}

export interface ProgressOptions {
  readonly write: (line: string) => void;
  /** A server that stays in one phase for this long is reported again. */
  readonly heartbeatMs?: number;
}

const SETTLED: ReadonlySet<Phase> = new Set(['ready', 'external', 'stopped', 'failed']);
const DEFAULT_HEARTBEAT_MS = 10_000;
const SHOWN_LOG_CHARACTERS = 80;

/** One line for every phase of every server, and a heartbeat with the last line of its log while a server takes long. */
export function startProgressLines({
  write,
  heartbeatMs = DEFAULT_HEARTBEAT_MS,
}: ProgressOptions): ProgressLines {
  const busy = new Map<ServerName, { readonly event: ProgressEvent; readonly sinceMs: number }>();
  const heartbeat = setInterval(() => {
    for (const { event, sinceMs } of busy.values()) {
      const elapsedMs = event.elapsedMs + performance.now() - sinceMs;
      const [last] = event.logPath === undefined ? [] : lastLines(event.logPath, 1);
      write(formatLine({ ...event, elapsedMs, detail: last?.trim().slice(0, SHOWN_LOG_CHARACTERS) }));
    }
  }, heartbeatMs).unref();
  return {
    report(event) {
      if (SETTLED.has(event.phase)) busy.delete(event.server);
      else busy.set(event.server, { event, sinceMs: performance.now() });
      write(formatLine(event));
    },
    end: () => clearInterval(heartbeat),
  };
}

function formatLine({ server, phase, elapsedMs, detail }: ProgressEvent): string {
  const seconds = `${(elapsedMs / 1000).toFixed(1)} s`.padStart(8);
  return `${seconds}  ${server.padEnd(8)}  ${phase.padEnd(12)}  ${detail ?? ''}`.trimEnd();
}
