import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './processIdentity';

const POLL_MS = 200;
/** A takeover is three system calls; one that is this old was interrupted. */
const TAKEOVER_STALE_MS = 10_000;

export interface LockOptions {
  /** Called once when another process holds the lock. */
  readonly onWait?: (owner: ProcessIdentity) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `action` alone among all processes of this machine; a lock whose owner died is taken over. */
export async function withLock<T>(path: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
  const token = randomUUID();
  let announced = false;
  for (;;) {
    const owner = tryLock(path, token);
    if (owner === undefined) break;
    if (!announced) options.onWait?.(owner);
    announced = true;
    await delay(POLL_MS, undefined, { signal: options.signal });
  }
  try {
    return await action();
  } finally {
    if (readOwner(path)?.token === token) rmSync(path, { force: true });
  }
}

interface Owner extends ProcessIdentity {
  readonly token: string;
}

/** Acquires the lock and returns undefined, or returns its owner. */
function tryLock(path: string, token: string): ProcessIdentity | undefined {
  const owner = readOwner(path);
  if (owner !== undefined && isAlive(owner)) return owner;
  if (owner !== undefined) removeStale(path, owner);
  const self: Owner = { ...identifySelf(), token };
  const draft = `${path}.${token}`;
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    // a link appears complete or not at all: no process ever reads a lock without its owner
    linkSync(draft, path);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readOwner(path) ?? self;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Only the winner of the takeover removes a stale lock: otherwise another process could remove the winner's new one. */
function removeStale(path: string, stale: Owner): void {
  const takeover = `${path}.takeover`;
  try {
    writeFileSync(takeover, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const since = statSync(takeover, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > TAKEOVER_STALE_MS) rmSync(takeover, { force: true });
    return;
  }
  try {
    if (readOwner(path)?.token === stale.token) rmSync(path, { force: true });
  } finally {
    rmSync(takeover, { force: true });
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new Error('this process cannot see itself');
  return self;
}
