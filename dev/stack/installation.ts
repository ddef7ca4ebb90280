import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SnapshotError, messageOf } from '../../src/errors';
import { locateInCache, type CachePlaces } from './cache';
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
  const places = locateInCache(tool, context.environment);
  if (!existsSync(places.binary)) await installOnce(tool, places, context);
  return places.binary;
}

/** Two clones that need the same tool build it once: the second waits and takes what the first has built. */
async function installOnce(tool: Tool, places: CachePlaces, context: InstallContext): Promise<void> {
  const toolchain = findToolchain(tool, context);
  for (const path of [places.binary, places.log, places.lock]) mkdirSync(dirname(path), { recursive: true });
  const onWait = ({ pid }: { pid: number }) =>
    context.report('waiting', `process ${pid} is installing ${tool.name} ${tool.version}`);
  await withLock(places.lock, { onWait, signal: context.signal }, async () => {
    if (existsSync(places.binary)) return;
    context.report('installing', `${tool.name} ${tool.version} (${tool.effort}, once)`, places.log);
    rmSync(places.log, { force: true });
    mkdirSync(places.room, { recursive: true });
    for (const step of tool.steps(places.room, toolchain)) await runStep(tool, step, places, context);
    chmodSync(tool.built(places.room), 0o755);
    await runStep(tool, { command: tool.built(places.room), args: tool.probe }, places, context);
    renameSync(tool.built(places.room), places.binary);
    rmSync(places.room, { recursive: true, force: true });
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
      `or set ${replacedBy} to a server that runs already`,
  );
}

async function runStep(
  tool: Tool,
  step: BuildStep,
  places: CachePlaces,
  context: InstallContext,
): Promise<void> {
  context.signal.throwIfAborted();
  const failed = (how: string, cause?: unknown) =>
    new SnapshotError(
      'INSTALL_FAILED',
      `${tool.name} ${tool.version}: ${[step.command, ...step.args].join(' ')} ${how}; log: ${places.log}; ` +
        `set ${context.replacedBy} to use a server that runs already\n${lastLines(places.log, SHOWN_LINES).join('\n')}`,
      { cause },
    );
  const { identity, exited } = await startProcess({
    command: step.command,
    args: step.args,
    env: { ...context.environment, ...step.env },
    cwd: places.room,
    logPath: places.log,
  }).catch((cause: unknown) => {
    throw failed(`could not be run: ${messageOf(cause)}`, cause);
  });
  context.guard(identity.pid);
  const stop = () => void stopProcess(identity, STOP_GRACE_MS);
  context.signal.addEventListener('abort', stop);
  if (context.signal.aborted) stop();
  try {
    const end = await exited;
    context.signal.throwIfAborted();
    if (end !== 0) throw failed(`ended with ${end}`);
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}
