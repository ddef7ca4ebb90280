import { execFile, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const SOURCE = resolve(__dirname, '../interop');

/** Programs on third-party libraries, built from `test/interop` with pinned versions; Go caches the build. */
export interface GoPrograms {
  readonly interop: string;
  readonly fsck: string;
}

export async function buildGoPrograms(): Promise<GoPrograms> {
  const out = await mkdtemp(join(tmpdir(), 'audit-snapshot-go-'));
  const packages = ['.', 'github.com/transparency-dev/tessera/cmd/fsck'];
  await promisify(execFile)('go', ['build', '-o', `${out}/`, ...packages], { cwd: SOURCE });
  return { interop: join(out, 'interop'), fsck: join(out, 'fsck') };
}

/** The verdict of each library on each case: an empty text when accepted, otherwise its error. */
export async function askLibraries(
  { interop }: GoPrograms,
  cases: readonly object[],
): Promise<readonly Readonly<Record<string, string>>[]> {
  const child = spawn(interop, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(cases));
  let answer = '';
  for await (const part of child.stdout.setEncoding('utf8') as AsyncIterable<string>) answer += part;
  return JSON.parse(answer) as Readonly<Record<string, string>>[];
}

/** The output of Tessera's fsck for a ledger. It exits 0 on failure and may hang, so only its output counts. */
export async function fsckOutput(
  { fsck }: GoPrograms,
  directory: string,
  vkeyFile: string,
  seconds = 60,
): Promise<string> {
  const args = [
    String(seconds),
    fsck,
    '--ui=false',
    `--storage_url=file://${directory}/`,
    `--public_key=${vkeyFile}`,
  ];
  const { stdout, stderr } = await promisify(execFile)('timeout', args, { maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  return `${stdout}${stderr}`;
}
