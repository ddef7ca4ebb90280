import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SnapshotError, messageOf } from '../../src/errors';
import { locateInCache, type CachePaths } from './cache';
import { withLock } from './lock';
import { lastLines } from './logTail';
import { startProcess, stopProcess } from './process';
import { findOnPath } from './searchPath';
import type { BuildStep, InstallContext, Tool } from './tool';

const SHOWN_LINES = 15;
const STOP_GRACE_MS = 3_000;
const PROBE_TIMEOUT_MS = 30_000;

/** Path of the tool's program: on PATH, else in the cache, else built into it. Errors: TOOLCHAIN_MISSING, INSTALL_FAILED. */
export async function findBinary(tool: Tool, context: InstallContext): Promise<string> {
  for (const name of tool.binaries) {
    const found = findOnPath(name, context.environment);
    if (found !== undefined) return found;
  }
  const paths = locateInCache(tool, context.environment);
  if (!existsSync(paths.binary)) await installOnce(tool, paths, context);
  return paths.binary;
}

/** Two clones that need the same tool build it once: the second waits and uses what the first has built. */
async function installOnce(tool: Tool, paths: CachePaths, context: InstallContext): Promise<void> {
  const toolchain = findToolchain(tool, context);
  for (const path of [paths.binary, paths.log, paths.lock]) mkdirSync(dirname(path), { recursive: true });
  const onWait = ({ pid }: { pid: number }) =>
    context.report('waiting', `process ${pid} is installing ${tool.name} ${tool.version}`);
  await withLock(paths.lock, { onWait, signal: context.signal }, async () => {
    if (existsSync(paths.binary)) return;
    context.report('installing', `${tool.name} ${tool.version} (${tool.effort}, once)`, paths.log);
    rmSync(paths.log, { force: true });
    mkdirSync(paths.buildDirectory, { recursive: true });
    for (const step of tool.steps(paths.buildDirectory, toolchain)) await runStep(tool, step, paths, context);
    chmodSync(tool.built(paths.buildDirectory), 0o755);
    await runStep(tool, { command: tool.built(paths.buildDirectory), args: tool.probe }, paths, context);
    renameSync(tool.built(paths.buildDirectory), paths.binary);
    rmSync(paths.buildDirectory, { recursive: true, force: true });
  });
}

function findToolchain(tool: Tool, { environment, replacedBy }: InstallContext): string {
  const { program, title, probe } = tool.toolchain;
  const path = findOnPath(program, environment);
  const works =
    path !== undefined &&
    spawnSync(path, [...probe], { env: { ...environment }, stdio: 'ignore', timeout: PROBE_TIMEOUT_MS })
      .status === 0;
  if (works) return path;
  throw new SnapshotError(
    'TOOLCHAIN_MISSING',
    `${title} is ${path === undefined ? 'not on PATH' : `not usable (${path} ${probe.join(' ')} fails)`}, and ` +
      `${tool.name} ${tool.version} is installed with it; install it, put ${tool.binaries.join(' or ')} on PATH, ` +
      `or set ${replacedBy} to a server that is already running`,
  );
}

/** Runs one step to its end; its output is appended to the log. Ends with the signal's reason when it is aborted. */
async function runStep(
  tool: Tool,
  step: BuildStep,
  paths: CachePaths,
  context: InstallContext,
): Promise<void> {
  const { signal, guard, environment } = context;
  signal.throwIfAborted();
  const { identity, exited } = await startProcess({
    command: step.command,
    args: step.args,
    env: { ...environment, ...step.env },
    cwd: paths.buildDirectory,
    logPath: paths.log,
  }).catch((cause: unknown) => {
    throw stepFailure(tool, step, paths, context, `could not be run: ${messageOf(cause)}`, cause);
  });
  guard(identity.pid);
  const stop = () => void stopProcess(identity, STOP_GRACE_MS);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const end = await exited;
    signal.throwIfAborted();
    if (end !== 0) throw stepFailure(tool, step, paths, context, `ended with ${end}`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function stepFailure(
  tool: Tool,
  { command, args }: BuildStep,
  { log }: CachePaths,
  { replacedBy }: InstallContext,
  how: string,
  cause?: unknown,
): SnapshotError {
  const message =
    `${tool.name} ${tool.version}: ${[command, ...args].join(' ')} ${how}; log: ${log}; ` +
    `set ${replacedBy} to use a server that is already running\n${lastLines(log, SHOWN_LINES).join('\n')}`;
  return new SnapshotError('INSTALL_FAILED', message, { cause });
}
