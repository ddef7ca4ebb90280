import { setTimeout as delay } from 'node:timers/promises';
import { SnapshotError, messageOf } from '../../src/errors';
import { findBinary } from './installation';
import { lastLines } from './logTail';
import { choosePorts, isPortFree, type Ports } from './ports';
import { isAlive, type ProcessIdentity } from './processIdentity';
import { startProcess, stopProcess, type StartedProcess } from './process';
import type { OnProgress, Phase } from './progress';
import type { ServerInstance, Server } from './server';
import type { Environment } from './serverName';
import { createPrivateDirectory, type StackDirectory } from './stackDirectory';
import { readState, runningProcess, saveRecord, type EmbeddedRecord } from './state';
import { withoutCredentials } from './address';

const POLL_MS = 50;
const ANSWER_TIMEOUT_MS = 60_000;
const SHOWN_LINES = 15;
/** How often a server gets new ports when another process took one between our check and its start. */
const PORT_ATTEMPTS = 3;
const PATH_OF_SERVERS = '/usr/local/bin:/usr/bin:/bin';

/** What one bring-up of a stack shares among its servers. The caller holds the stack's lock. */
export interface BringUp {
  readonly directory: StackDirectory;
  readonly environment: Environment;
  /** The process that the servers live and die with; null when they outlive us. */
  readonly owner: ProcessIdentity | null;
  readonly guard: (pid: number) => void;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  /** Collects what was started here, so that a failure elsewhere can stop it again. */
  readonly started: Set<Server>;
}

/** Makes one server usable: an external one is asked, a running one reused, a dead one started on its old ports and data. */
export async function bringUpServer(server: Server, context: BringUp): Promise<void> {
  const startedAtMs = performance.now();
  const report = (phase: Phase, detail?: string, logPath?: string) =>
    context.onProgress({
      server: server.name,
      phase,
      elapsedMs: performance.now() - startedAtMs,
      detail,
      logPath,
    });
  try {
    if (isExternal(server, context)) {
      await reachExternal(server, context.environment);
      const address = withoutCredentials(context.environment[server.urlVariable] ?? '');
      saveRecord(context.directory, server.name, { kind: 'external', address });
      report('external', `${address} (${server.urlVariable})`);
      return;
    }
    const instance = (await reuseRunning(server, context)) ?? (await start(server, context, report));
    report('provisioning', undefined, context.directory.logPath(server.name));
    await server.provision(instance);
    report('ready', server.environment(instance)[server.urlVariable]);
  } catch (error) {
    if (!context.signal.aborted) report('failed', messageOf(error).split('\n')[0]);
    throw error;
  }
}

async function reachExternal(server: Server, environment: Environment): Promise<void> {
  try {
    await server.reach(environment);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    const advice = `${server.urlVariable} names it; unset it to let the stack run a ${server.title} of its own`;
    throw new SnapshotError(error.code, `${error.message} (${advice})`, {
      retryable: error.retryable,
      cause: error,
    });
  }
}

/** A variable that only repeats the stack's own address (`eval "$(… env)"`) does not make the server external. */
function isExternal(server: Server, { directory, environment }: BringUp): boolean {
  const url = environment[server.urlVariable];
  if (url === undefined || url === '') return false;
  const record = readState(directory)[server.name];
  return (
    record?.kind !== 'embedded' ||
    server.environment(embeddedInstance(server, directory, record))[server.urlVariable] !== url
  );
}

/** An embedded server of this stack, as its record has it. */
export function embeddedInstance(
  server: Server,
  directory: StackDirectory,
  record: EmbeddedRecord,
): ServerInstance {
  return { folder: directory.serverPath(server.name), ports: record.ports, binary: record.binary };
}

/** The server if it runs and answers; one that runs without answering is stopped. */
async function reuseRunning(
  server: Server,
  { directory, owner }: BringUp,
): Promise<ServerInstance | undefined> {
  const record = readState(directory)[server.name];
  const running = runningProcess(record);
  if (running === undefined || record?.kind !== 'embedded') return undefined;
  const instance = embeddedInstance(server, directory, record);
  // the watchdog of a dead owner is about to stop what the owner left
  const abandoned = record.owner !== null && !isAlive(record.owner);
  const answers = await server.reach(server.environment(instance)).then(
    () => true,
    () => false,
  );
  if (answers && !abandoned) {
    if (owner === null) saveRecord(directory, server.name, { ...record, owner: null });
    return instance;
  }
  await stopProcess(running);
  return undefined;
}

type Report = (phase: Phase, detail?: string, logPath?: string) => void;

async function start(server: Server, context: BringUp, report: Report): Promise<ServerInstance> {
  const { directory, environment, guard, signal } = context;
  const binary = await findBinary(server.tool, {
    environment,
    signal,
    guard,
    replacedBy: server.urlVariable,
    report,
  });
  const folder = directory.serverPath(server.name);
  createPrivateDirectory(folder);
  const record = readState(directory)[server.name];
  let wanted: Ports = record?.kind === 'embedded' ? record.ports : {};
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const instance = { folder, binary, ports: await choosePorts(server.portNames, wanted) };
    report('starting', binary, directory.logPath(server.name));
    const failure = await startOn(instance, server, context);
    if (failure === undefined) return instance;
    const lost = (await Promise.all(Object.values(instance.ports).map(isPortFree))).includes(false);
    if (!lost || attempt === PORT_ATTEMPTS) throw failure;
    wanted = {};
  }
}

/** Starts on these ports and waits for an answer. Returns undefined, or the failure after the process has been stopped. */
async function startOn(
  instance: ServerInstance,
  server: Server,
  context: BringUp,
): Promise<SnapshotError | undefined> {
  const { directory, owner, guard, signal, started } = context;
  const { args, env } = server.prepare(instance);
  const logPath = directory.logPath(server.name);
  const launched = await startProcess({
    command: instance.binary,
    args,
    // nothing is inherited: the caller's secrets are not for the server, and its settings not for the stack
    env: { PATH: PATH_OF_SERVERS, HOME: instance.folder, ...env },
    cwd: instance.folder,
    logPath,
  }).catch((cause: unknown) => {
    throw new SnapshotError('SERVER_START_FAILED', `${instance.binary}: ${messageOf(cause)}`, { cause });
  });
  guard(launched.identity.pid);
  launched.unref();
  started.add(server);
  const { ports, binary } = instance;
  saveRecord(directory, server.name, { kind: 'embedded', process: launched.identity, ports, binary, owner });
  const reason = await waitForAnswer(launched, () => server.reach(server.environment(instance)), signal);
  if (reason === undefined) return undefined;
  await stopProcess(launched.identity);
  signal.throwIfAborted();
  const lines = lastLines(logPath, SHOWN_LINES);
  const explained = server.explain?.(lines, instance);
  return new SnapshotError(
    'SERVER_START_FAILED',
    `${server.title} (${instance.binary}) ${explained ?? reason}; log: ${logPath}\n${lines.join('\n')}`,
  );
}

/** Returns undefined once the server answers, else why it never will: it ended, or the time is over. */
async function waitForAnswer(
  { exited }: StartedProcess,
  reach: () => Promise<void>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let end: string | undefined;
  exited.then(
    (how) => (end = `ended with ${how} before it answered`),
    (error: unknown) => (end = messageOf(error)),
  );
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  let last = '';
  while (Date.now() < deadline && !signal.aborted) {
    if (end !== undefined) return end;
    try {
      await reach();
      // another server on the same port must not be taken for ours, which then has ended
      await delay(0);
      return end;
    } catch (error) {
      last = messageOf(error);
    }
    await delay(POLL_MS);
  }
  return signal.aborted ? 'was interrupted' : `did not answer within ${ANSWER_TIMEOUT_MS / 1000} s: ${last}`;
}
