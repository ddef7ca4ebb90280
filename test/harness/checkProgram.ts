import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TrustFile } from '../../src/evidence/trustFile';

const PROGRAM = resolve(__dirname, '../../docs/check.py');

/** The last line of docs/check.py over these objects, in a directory of their own. */
export function runCheckProgram(objects: ReadonlyMap<string, Buffer>, trust: TrustFile): string {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-check-'));
  try {
    for (const [key, body] of objects) {
      const path = join(directory, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, body);
    }
    const trustFile = join(directory, 'trust.json');
    writeFileSync(trustFile, JSON.stringify(trust));
    const { stdout, stderr, status } = spawnSync('python3', [PROGRAM, directory, trustFile], {
      encoding: 'utf8',
    });
    const last = `${stdout}${stderr}`.trimEnd().split('\n').at(-1) ?? '';
    if (last.startsWith('VERIFIED') !== (status === 0))
      throw new Error(`check.py ended with ${status}: ${last}`);
    return last;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
