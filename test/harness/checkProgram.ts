import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TrustFile } from '../../src/evidence/trustFile';

const PROGRAM = resolve(__dirname, '../../docs/check.py');

/** Runs the program on one pair of arguments after the other, and prints what each run printed and its exit code as JSON. */
const DRIVER = `
import contextlib, io, json, os, runpy, sys
sys.dont_write_bytecode = True
program, *pairs = sys.argv[1:]
sys.path[0] = os.path.dirname(program)
answers = []
for directory, trust in zip(pairs[::2], pairs[1::2]):
    sys.argv = [program, directory, trust]
    printed, code = io.StringIO(), 0
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        code = end.code
    text = isinstance(code, str)
    answers.append([printed.getvalue() + code if text else printed.getvalue(), 1 if text else code or 0])
print(json.dumps(answers))
`;

/** Objects by key, and the trust file that an auditor pinned. */
export interface CheckedEvidence {
  readonly objects: ReadonlyMap<string, Buffer>;
  readonly trust: TrustFile;
}

/** The last line of docs/check.py over each of these, in directories of their own; Python starts once. */
export function runCheckProgram(evidence: readonly CheckedEvidence[]): string[] {
  const room = mkdtempSync(join(tmpdir(), 'audit-snapshot-check-'));
  try {
    const pairs = evidence.flatMap((one, index) => writeEvidence(join(room, String(index)), one));
    const options = { encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
    const { stdout, stderr, status } = spawnSync('python3', ['-c', DRIVER, PROGRAM, ...pairs], options);
    if (status !== 0) throw new Error(`check.py failed: ${stderr}`);
    return (JSON.parse(stdout) as [string, number][]).map(lastLine);
  } finally {
    rmSync(room, { recursive: true });
  }
}

function writeEvidence(
  room: string,
  { objects, trust }: CheckedEvidence,
): [directory: string, trust: string] {
  const directory = join(room, 'evidence');
  for (const [key, body] of objects) {
    const path = join(directory, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
  }
  const trustFile = join(room, 'trust.json');
  writeFileSync(trustFile, JSON.stringify(trust));
  return [directory, trustFile];
}

/** A program that says VERIFIED, and no other, ends with 0. */
function lastLine([printed, code]: [string, number]): string {
  const last = printed.trimEnd().split('\n').at(-1) ?? '';
  if (last.startsWith('VERIFIED') !== (code === 0)) throw new Error(`check.py ended with ${code}: ${last}`);
  return last;
}
