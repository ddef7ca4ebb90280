/**
 * What `audit-snapshot demo` does: it starts the embedded stack with workers and a job service
 * (`services.ts`), then runs the steps (`steps.ts`): it writes a realistic audit log (`auditTrail.ts`), seals it
 * by a job (`sealByJob.ts`), verifies the evidence, alters one record in a copy (`tamper.ts`) and verifies again. Tests and
 * benchmarks use the audit trail and the child processes as well.
 */
import { startProgressLines } from '../stack/progress';
import { startStack, type RunningStack } from '../stack/stack';
import type { Child } from './childProcess';
import type { DemoOutput } from './output';
import { startServices, type DemoServices } from './services';
import { runSteps } from './steps';
import { StepTimer } from './stepTimer';

export interface DemoOptions {
  /** How many records to write and seal. */
  readonly records: number;
  /** Leave everything running until a signal arrives. */
  readonly keepRunning: boolean;
}

/**
 * Runs the demo on real servers; true only if every step passed. However it ends, no process remains; the data
 * stays in `.stack/demo`. Errors are those of the stack and of sealing.
 */
export async function runDemo(options: DemoOptions, output: DemoOutput): Promise<boolean> {
  const interrupted = nextSignal();
  void interrupted.then(() => output.note('\nstopping …'));
  // Filled while the demo starts, so that what runs is stopped even when the next part fails.
  const started: { stack?: RunningStack; readonly children: Child[] } = { children: [] };
  const start = async (): Promise<boolean> => {
    const timer = new StepTimer(output.note);
    started.stack = await bringUpStack(timer, output);
    const services = await bringUpServices(timer, started.stack, started.children);
    return await showSteps(services, options, timer, output, interrupted);
  };
  try {
    return await Promise.race([start(), interrupted.then(() => false)]);
  } finally {
    await Promise.all(started.children.map((child) => child.stop()));
    await started.stack?.stop();
  }
}

/** Handles every signal, not only the first one: a second Ctrl-C must not end this process before what it started. */
function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

async function bringUpStack(timer: StepTimer, output: DemoOutput): Promise<RunningStack> {
  const progress = startProgressLines({ write: output.note });
  try {
    return await timer.run('stack', 'Temporal, MongoDB, Vault Transit and S3 with Object Lock', () =>
      startStack({ name: 'demo', onProgress: progress.report }),
    );
  } finally {
    progress.end();
  }
}

function bringUpServices(timer: StepTimer, stack: RunningStack, children: Child[]): Promise<DemoServices> {
  return timer.run('services', 'workers and the job service', () =>
    startServices(stack, (child) => void children.push(child)),
  );
}

async function showSteps(
  services: DemoServices,
  { records, keepRunning }: DemoOptions,
  timer: StepTimer,
  output: DemoOutput,
  interrupted: Promise<void>,
): Promise<boolean> {
  const { passed, facts } = await runSteps(services, records, timer, output);
  output.report({ passed, seconds: timer.seconds, ...facts });
  if (keepRunning) {
    output.note(`\nleft running until Ctrl-C\n${services.guide}`);
    await interrupted;
  } else output.note(`\nTemporal Web UI, while the demo runs (--keep): ${services.webUi}`);
  return passed;
}
