import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one under the same pid. `born` is opaque, equal only for the same process. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly born: string;
}

/** Identity of a running process; undefined when there is none or only a zombie is left. */
export function identify(pid: number): ProcessIdentity | undefined {
  const born = process.platform === 'linux' ? bornOnLinux(pid) : bornByPs(pid);
  return born === undefined ? undefined : { pid, born };
}

/** True while exactly this process runs: a reused pid does not count. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.born === identity.born;
}

/** Start time of `/proc/<pid>/stat` (field 22, ticks since boot; proc_pid_stat(5)); undefined when only a zombie is left. */
export function parseProcStat(stat: string): string | undefined {
  // the command name in parentheses may itself hold spaces and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const [threads, startTicks] = [fields[17], fields[19]];
  // a first thread that ended before the others is a zombie too, and its process still holds its ports and files
  const isGone = state === 'X' || (state === 'Z' && Number(threads) <= 1);
  return isGone ? undefined : startTicks;
}

function bornOnLinux(pid: number): string | undefined {
  try {
    const ticks = parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return ticks === undefined ? undefined : `${bootId()}/${ticks}`;
  } catch (error) {
    // ESRCH: it ended between open and read
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Ticks start again at every boot, and a stack's state outlives a boot. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
}

function bornByPs(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const line = stdout.trim();
  return status !== 0 || line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}
