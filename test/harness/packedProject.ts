import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../..');

export interface PackedProject {
  readonly directory: string;
  /** Paths inside the tarball. */
  readonly files: readonly string[];
  /** Runs a program in the project and gives its output; rejects when it fails. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
}

/** Packs the build in dist/, and installs the tarball in a copy of an example outside this checkout. */
export async function installPacked(example: string): Promise<PackedProject> {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-packed-'));
  const packArgs = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const { stdout } = await promisify(execFile)('npm', packArgs, { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  cpSync(join(ROOT, example), directory, { recursive: true });
  const run: PackedProject['run'] = async (program, args, env = {}) => {
    const options = { cwd: directory, env: { ...process.env, ...env } };
    return (await promisify(execFile)(program, [...args], options)).stdout;
  };
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--no-save', '--omit=dev'];
  await run('npm', ['install', `./${packed.filename}`, ...quiet]);
  return { directory, files: packed.files.map(({ path }) => path), run };
}
