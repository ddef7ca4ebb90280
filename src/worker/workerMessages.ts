import type { MetricEvent, SealingMetrics } from '../ports/sealingMetrics';

/** What a worker process tells its supervisor over IPC. */
export type WorkerMessage =
  /** It polls for work. */
  | { readonly type: 'started' }
  | { readonly type: 'metric'; readonly event: MetricEvent }
  /** Every few seconds. */
  | { readonly type: 'pulse'; readonly pulse: Pulse };

/** How a worker process is. */
export interface Pulse {
  /** False while it drains. */
  readonly polling: boolean;
  /** The longest delay of its event loop since the last pulse. */
  readonly lagSeconds: number;
}

/** Sends a message, if there is a supervisor that listens. It never throws and waits for nothing. */
export function tellSupervisor(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** The metrics of a worker process: the supervisor counts them, so they outlive the process. */
export const supervisorMetrics: SealingMetrics = {
  record: (event) => tellSupervisor({ type: 'metric', event }),
};

const TYPES: readonly unknown[] = ['started', 'metric', 'pulse'] satisfies readonly WorkerMessage['type'][];

/** False for a message that another module sends over the same channel. */
export function isWorkerMessage(message: unknown): message is WorkerMessage {
  return typeof message === 'object' && message !== null && 'type' in message && TYPES.includes(message.type);
}
