import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../../src/errors';
import type { ServerName } from './serverName';

/** The directory with everything of one stack: `<root>/.stack/<name>/`, readable by its owner only. */
export interface StackDirectory {
  readonly name: string;
  readonly path: string;
  readonly statePath: string;
  /** Beside the directory, so that removing the data does not remove the lock that is held over it. */
  readonly lockPath: string;
  logPath(server: ServerName): string;
  /** Data, configuration and secrets of one server. */
  serverPath(server: ServerName): string;
}

const FOLDERS: Readonly<Record<ServerName, string>> = {
  temporal: 'temporal',
  vault: 'bao',
  storage: 'storage',
  mongo: 'mongo',
};
/** A file that is only at the root; a package.json is compiled into `dist/` as well. */
const ROOT_MARK = 'docker-compose.temporal.yml';
const STACK_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** The paths of a stack, without creating them; USAGE_INVALID unless the name is safe as a folder name. */
export function locateStack(name = 'default', root: string = findCheckout()): StackDirectory {
  if (!STACK_NAME.test(name)) {
    throw new SnapshotError(
      'USAGE_INVALID',
      `stack name ${JSON.stringify(name)} is not made of lowercase letters, digits and "-" (at most 40)`,
    );
  }
  const path = join(root, '.stack', name);
  return {
    name,
    path,
    statePath: join(path, 'state.json'),
    lockPath: `${path}.lock`,
    logPath: (server) => join(path, 'logs', `${server}.log`),
    serverPath: (server) => join(path, FOLDERS[server]),
  };
}

/** Creates the stack's own folders with mode 0700, and narrows those that exist. */
export function createStackDirectory(directory: StackDirectory): void {
  createPrivateDirectory(dirname(directory.path));
  createPrivateDirectory(directory.path);
  createPrivateDirectory(join(directory.path, 'logs'));
}

/** Creates a folder that only its owner can enter. */
export function createPrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}

/** Replaces a file as a whole, mode 0600: a crash leaves the old content or the new. */
export function writePrivateFile(path: string, content: string): void {
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  renameSync(draft, path);
}

/** What `writePrivateFile` stored as JSON; undefined when the file does not exist. */
export function readJsonFile(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** The root of audit-snapshot: the checkout, or the installed package, from source and from dist/ alike. */
export function findCheckout(): string {
  let folder = __dirname;
  while (dirname(folder) !== folder) {
    if (existsSync(join(folder, ROOT_MARK))) return folder;
    folder = dirname(folder);
  }
  throw new SnapshotError('INTERNAL', `no ${ROOT_MARK} above ${__dirname}`);
}
