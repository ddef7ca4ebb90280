import { setTimeout as pause } from 'node:timers/promises';
import { workflowIdOf } from '../../src/contract/names';
import { readEvents, resetRun } from '../harness/resetRun';
import type { ChaosRun } from './chaosRun';
import type { HttpFault, Refusal } from './httpProxy';
import type { MongoFault } from './mongoTap';
import type { ServerRole } from './proxyNetwork';
import { logLateRecords } from './scenario';
import { SHARED_KINDS, type Fault, type SharedKind } from './plan';
import type { WorkerProcess } from './workerProcess';

/** How long a degradation lasts. */
const DEGRADATION_MS = 2_000;
/** Longer than the heartbeat timeout: another attempt has taken over from the frozen one. */
const FREEZE_MS = 18_000;
const SERVICE_FREEZE_MS = 3_000;
const HOUR_MS = 3_600_000;
/** In the middle of the next message. */
const CUT_BYTES = 700;

/** Injects a fault. It counts as fired once it had an effect, which may be a moment later. */
export async function injectFault(fault: Fault, run: ChaosRun, worker: WorkerProcess): Promise<void> {
  const fired = (): void => {
    if (!run.fired.includes(fault)) run.fired.push(fault);
  };
  const [role, what] = fault.kind.split('.') as [string, string];
  if (isShared(fault.kind)) return run.environment.stackFaults.inject(fault.kind, fired);
  if (role === 'worker') return injectWorkerFault(what, run, worker, fired);
  if (role === 'run') return injectRunFault(what, run, fault, fired);
  if (fault.kind === 'service.killed') return run.signalService('SIGKILL') ? fired() : undefined;
  if (fault.kind === 'service.frozen') return freezeService(run, fired);
  const server = role as ServerRole;
  if (what === 'refused' || what === 'blackHole' || what === 'slow') {
    run.network.degrade(server, what, fired);
    later(DEGRADATION_MS, () => run.network.lift(server));
  } else if (what === 'connectionsDead') run.network.killConnections(server, fired);
  else if (what === 'absentDenied' || (server === 'vault' && what === 'outdated') || isDenial(server, what)) {
    run.network.refuse(server as 'storage', what as Refusal, fired);
    later(DEGRADATION_MS, () => run.network.lift(server));
  } else if (what === 'cut') run.network.cut(server as 'mongo', CUT_BYTES, fired);
  else if (server === 'mongo') run.network.injectMongoFault(what as MongoFault, fired);
  else run.network.injectHttpFault(server as 'storage', what as HttpFault, fired);
}

/** Rights that are lost for a while. */
function isDenial(server: ServerRole, what: string): boolean {
  return what === 'denied' && (server === 'storage' || server === 'vault');
}

function isShared(kind: Fault['kind']): kind is SharedKind {
  return (SHARED_KINDS as readonly string[]).includes(kind);
}

async function injectWorkerFault(
  what: string,
  run: ChaosRun,
  worker: WorkerProcess,
  fired: () => void,
): Promise<void> {
  switch (what) {
    case 'killed':
      if (worker.signal('SIGKILL')) fired();
      await worker.exited;
      return;
    case 'frozen':
      if (worker.signal('SIGSTOP')) fired();
      run.startWorker();
      later(FREEZE_MS, () => worker.signal('SIGCONT'));
      return;
    case 'replaced':
      run.bundle = run.environment.bundles.next;
      for (const old of run.workers) if (old.signal('SIGTERM')) fired();
      run.startWorker();
      return;
    case 'second':
      run.startWorker();
      fired();
      return;
    case 'clockAhead':
    case 'clockBehind':
      worker.setClock(what === 'clockAhead' ? HOUR_MS : -HOUR_MS);
      fired();
      later(DEGRADATION_MS, () => worker.setClock(0));
      return;
    default:
      throw new Error(`no such fault of a worker: ${what}`);
  }
}

async function freezeService(run: ChaosRun, fired: () => void): Promise<void> {
  if (run.signalService('SIGSTOP')) fired();
  later(SERVICE_FREEZE_MS, () => run.signalService('SIGCONT'));
  return Promise.resolve();
}

/** What an operator does in the Web UI, and an application in the log. */
async function injectRunFault(what: string, run: ChaosRun, { at }: Fault, fired: () => void): Promise<void> {
  if (what === 'lateRecords') {
    await logLateRecords(run.connection, 1_000 + at.nth);
    return fired();
  }
  const job = run.jobs[at.nth % run.jobs.length];
  if (!job) return;
  const { client } = run.environment;
  const workflowId = workflowIdOf(job.jobId);
  const handle = client.workflow.getHandle(workflowId);
  if (what === 'terminated') await handle.terminate('an operator');
  else if (what === 'cancelled') await handle.cancel();
  else {
    const { boundaries } = await readEvents(handle);
    const chosen = boundaries[Math.min(boundaries.length - 1, at.nth)];
    if (chosen === undefined || !(await resetRun(client, { workflowId }, chosen))) return;
  }
  fired();
}

function later(ms: number, action: () => void): void {
  void pause(ms, undefined, { ref: false }).then(action);
}
