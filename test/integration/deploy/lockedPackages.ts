import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

/** What npm notes about the packages that it has installed, in node_modules. */
const NOTE = '.package-lock.json';

/**
 * True when node_modules of a checkout has the packages of its lock file and no other, and none of them was changed by a
 * script when it was installed.
 */
export function hasLockedPackages(checkout: string): boolean {
  const note = join(checkout, 'node_modules', NOTE);
  if (!existsSync(note)) return false;
  const { '': _self, ...locked } = packagesOf(join(checkout, 'package-lock.json'));
  const installed = packagesOf(note);
  const allowed = scriptsAllowed(checkout);
  const isInstalled = ([path, { integrity, optional = false }]: [string, LockedPackage]) =>
    installed[path] === undefined ? optional : installed[path].integrity === integrity;
  const isUnchanged = ([path, { hasInstallScript = false }]: [string, LockedPackage]) =>
    !hasInstallScript || allowed[path.replace(/^.*node_modules\//, '')] === false;
  return (
    Object.entries(locked).every(isInstalled) &&
    Object.entries(installed).every((entry) => entry[0] in locked && isUnchanged(entry))
  );
}

/** Copies the packages, and nothing that tests or tools keep beside them. */
export async function copyPackages(checkout: string, directory: string): Promise<void> {
  const source = join(checkout, 'node_modules');
  const target = join(directory, 'node_modules');
  const names = readdirSync(source).filter(
    (name) => !name.startsWith('.') || name === '.bin' || name === NOTE,
  );
  mkdirSync(target);
  await promisify(execFile)('cp', ['-a', ...names.map((name) => join(source, name)), target]);
}

const packagesOf = (lockFile: string) => (JSON.parse(readFileSync(lockFile, 'utf8')) as LockFile).packages;

function scriptsAllowed(checkout: string): Readonly<Record<string, boolean>> {
  const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    allowScripts?: Record<string, boolean>;
  };
  return manifest.allowScripts ?? {};
}
