import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tellSupervisor } from './workerMessages';

const PULSE_MS = 5_000;
const NANOSECONDS = 1e9;

/** In a worker process: tells its supervisor every few seconds how it is, until the process ends. */
export function startPulse(isPolling: () => boolean): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const beat = (): void => {
    tellSupervisor({
      type: 'pulse',
      pulse: { polling: isPolling(), lagSeconds: delay.max / NANOSECONDS },
    });
    delay.reset();
  };
  beat();
  setInterval(beat, PULSE_MS).unref();
}
