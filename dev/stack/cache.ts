import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './serverName';
import type { Tool } from './tool';

/** The paths of one tool in the user-level cache. */
export interface CachePaths {
  /** The finished program; it exists complete or not at all. */
  readonly binary: string;
  /** Where it is built; kept after an interruption so that the next build continues there, removed after success. */
  readonly buildDirectory: string;
  readonly log: string;
  readonly lock: string;
}

/** `$AUDIT_SNAPSHOT_CACHE`, else `$XDG_CACHE_HOME/audit-snapshot`, else `~/.cache/audit-snapshot`. */
export function cacheRoot(environment: Environment): string {
  const own = environment['AUDIT_SNAPSHOT_CACHE'];
  if (own !== undefined && own !== '') return own;
  const shared = environment['XDG_CACHE_HOME'];
  if (shared !== undefined && shared !== '') return join(shared, 'audit-snapshot');
  return join(environment['HOME'] ?? homedir(), '.cache', 'audit-snapshot');
}

/** Every version has paths of its own, so that clones of different ages share one cache. */
export function locateInCache(tool: Tool, environment: Environment): CachePaths {
  const root = cacheRoot(environment);
  const release = `${tool.name}-${tool.version}`;
  return {
    binary: join(root, tool.name, tool.version, tool.name),
    buildDirectory: join(root, 'build', release),
    log: join(root, 'logs', `${release}.log`),
    lock: join(root, 'build', `${release}.lock`),
  };
}
