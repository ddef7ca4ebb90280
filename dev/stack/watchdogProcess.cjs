/**
 * Outlives its parent by as long as it takes to stop what the parent started. Its standard input is a pipe that only
 * the parent holds, so the end of the pipe is the end of the parent, whatever killed it.
 * Lines: `guard <pid>` for a process group to stop then, `release` to leave everything running.
 */
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { setTimeout: delay } = require('node:timers/promises');

const GRACE_MS = 10_000;
const guarded = new Map();
let released = false;

/** Start time of a process that is not a zombie, so that a reused pid is never signalled. */
function bornAt(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' && Number(fields[17]) <= 1 ? undefined : fields[19];
  } catch {
    if (process.platform === 'linux') return undefined;
    try {
      process.kill(pid, 0);
      return 'unknown';
    } catch {
      return undefined;
    }
  }
}

const alive = () => [...guarded].filter(([pid, born]) => bornAt(pid) === born).map(([pid]) => pid);

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(-pid, name);
    } catch {
      // it has ended since the check
    }
  }
}

async function stopAll() {
  if (released) return;
  signal(alive(), 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (alive().length > 0 && Date.now() < deadline) await delay(50);
  signal(alive(), 'SIGKILL');
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, pid] = line.split(' ');
    if (word === 'release') released = true;
    const born = word === 'guard' ? bornAt(Number(pid)) : undefined;
    if (born !== undefined) guarded.set(Number(pid), born);
  })
  .on('close', () => void stopAll());
