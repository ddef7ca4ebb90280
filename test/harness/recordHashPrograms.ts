import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../../dev/stack/cache';
import { withLock } from '../../dev/stack/lock';
import { pythonWithBson } from './pythonReader';

const SOURCE = resolve(__dirname, '../../docs/reference/record-hash');
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const BUILD_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 60_000;

export const LANGUAGES = ['Python', 'Go', 'Java', 'Node'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The command line of the check program beside the reference code. */
export type CheckProgram = readonly [string, ...string[]];

const BUILD: Readonly<Record<Language, () => Promise<CheckProgram>>> = {
  Python: async () => [await pythonWithBson(), '-B', join(SOURCE, 'python/check.py')],
  Go: buildGo,
  Java: buildJava,
  Node: () => Promise.resolve([process.execPath, join(SOURCE, 'node/check.mjs')]),
};

/** Makes the check program of a language ready to run; its libraries are downloaded once into the user-level cache. */
export function buildCheckProgram(language: Language): Promise<CheckProgram> {
  return BUILD[language]();
}

/** Runs it and returns the lines that it printed; rejects when it fails. */
export async function runCheckProgram(
  [command, ...first]: CheckProgram,
  args: readonly string[],
): Promise<string[]> {
  const options = { timeout: RUN_LIMIT_MS, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(command, [...first, ...args], options);
  return stdout.trimEnd().split('\n');
}

async function buildGo(): Promise<CheckProgram> {
  const program = join(await mkdtemp(join(tmpdir(), 'audit-snapshot-go-')), 'check');
  await build('go', ['build', '-o', program, './check'], join(SOURCE, 'go'));
  return [program];
}

async function buildJava(): Promise<CheckProgram> {
  const source = join(SOURCE, 'java');
  const libraries = await copyLibraries(source);
  const classes = await mkdtemp(join(tmpdir(), 'audit-snapshot-java-'));
  const args = ['-encoding', 'UTF-8', '-cp', join(libraries, '*'), '-d', classes];
  await build('javac', [...args, 'RecordHash.java', 'Check.java'], source);
  return ['java', '-Dfile.encoding=UTF-8', '-cp', `${join(libraries, '*')}:${classes}`, 'Check'];
}

/** Every pom.xml has a folder of its own, so that clones of different ages share one cache. */
async function copyLibraries(source: string): Promise<string> {
  const pom = createHash('sha256')
    .update(readFileSync(join(source, 'pom.xml')))
    .digest('hex');
  const folder = join(cacheRoot(process.env), 'test', `java-${pom.slice(0, 16)}`);
  await mkdir(dirname(folder), { recursive: true });
  await withLock(`${folder}.lock`, {}, async () => {
    if (existsSync(join(folder, 'ready'))) return;
    await build('mvn', ['-q', '-B', COPY_DEPENDENCIES, `-DoutputDirectory=${folder}`], source);
    await writeFile(join(folder, 'ready'), '');
  });
  return folder;
}

async function build(command: string, args: readonly string[], cwd: string): Promise<void> {
  await promisify(execFile)(command, args, { cwd, timeout: BUILD_LIMIT_MS, maxBuffer: 2 ** 26 });
}
