import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readRecord } from '../../src/evidence/recordBytes';
import { runShell } from '../harness/commandLine';
import { auditRecords } from '../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../harness/evidenceSet';

const DOCS = resolve(__dirname, '../../docs');
const PAGE = readFileSync(join(DOCS, 'verify.md'), 'utf8');
const PROGRAM_FILES = ['check.py', 'check_bson.py'];

/** The fenced blocks of one language on the page. */
function blocks(language: 'sh' | 'bash'): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block]) => block!,
  );
}

/** Writes a set to a directory of its own, with trust file, check.py and an earlier checkpoint, as an auditor has them. */
function writeEvidence(set: EvidenceSet): string {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-auditor-'));
  for (const [key, body] of set.objects) {
    const path = join(directory, 'evidence', key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
  }
  for (const folder of [directory, join(directory, 'evidence')])
    writeFileSync(join(folder, 'trust.json'), JSON.stringify(set.trust));
  for (const file of PROGRAM_FILES) copyFileSync(join(DOCS, file), join(directory, 'evidence', file));
  copyFileSync(join(directory, 'evidence/ledger/checkpoint'), join(directory, 'checkpoint-of-last-year'));
  return directory;
}

async function run(command: string, cwd: string): Promise<string> {
  const { stdout, stderr } = await runShell(command, { cwd });
  return `${stderr}${stdout}`;
}

describe('the commands of docs/verify.md', () => {
  let set: EvidenceSet;
  let directory: string;
  let evidence: string;

  beforeAll(async () => {
    set = await evidenceSet([auditRecords(7), [], auditRecords(3, 7)], 3);
    directory = writeEvidence(set);
    evidence = join(directory, 'evidence');
    await run(blocks('bash')[0]!, evidence);
  });

  test('the key that docs/verify.md extracts from the trust file is an Ed25519 key', async () => {
    expect(await run(blocks('bash')[0]!, evidence)).toContain('ED25519');
  });

  test('check.py accepts every snapshot', async () => {
    const output = await run(blocks('bash')[1]!, evidence);
    expect(output.trimEnd().split('\n')).toEqual([
      expect.stringContaining('ok: snap-job-1, 7 records'),
      expect.stringContaining('ok: snap-job-2, 0 records'),
      expect.stringContaining('ok: snap-job-3, 3 records'),
      'VERIFIED: 3 snapshots of audit.example.org',
    ]);
  });

  test.each(['c', 's', 'm'])('check.py refuses evidence with one bit changed (%s)', async (kind) => {
    const forged = writeEvidence(set);
    const name = { c: 'chunks/000001.bson.gz', s: 'manifest.json.sig', m: 'manifest.json' }[kind]!;
    const path = join(forged, 'evidence/snapshots/snap-job-1', name);
    const bytes = readFileSync(path);
    bytes[20]! ^= 1;
    writeFileSync(path, bytes);
    const commands = `${blocks('bash')[0]!}\n${blocks('bash')[1]!}`;
    await expect(run(commands, join(forged, 'evidence'))).rejects.toMatchObject({ code: 1 });
  });

  test('the fsck command of docs/verify.md accepts the ledger', async () => {
    expect(await run(blocks('bash')[2]!, evidence)).toContain("Successfully fsck'd");
  }, 300_000);

  test('the manual check of docs/verify.md accepts one snapshot', async () => {
    const output = await run(blocks('bash')[3]!, evidence);
    expect(output).toContain('Signature Verified Successfully');
    expect(output).toContain('chunks/000002.bson.gz: OK');
  });

  test('the commands of docs/verify.md accept the directory and the earlier checkpoint, and prove consistency', async () => {
    await run('rm -rf evidence/check.py evidence/check_bson.py evidence/__pycache__', directory);
    const [verify, consistency] = blocks('sh')[0]!.trim().split('\n') as [string, string];
    expect((await run(verify, directory)).trimEnd().split('\n').at(-1)).toBe('VERIFIED');
    const { path } = JSON.parse(await run(consistency.replace('12 345', '2 3'), directory)) as {
      path: string[];
    };
    expect(path).toHaveLength(1);
    expect((await run(blocks('sh')[2]!, directory)).trimEnd().split('\n').at(-1)).toBe('VERIFIED');
  });

  test('the commands of docs/verify.md write and verify the proof of one record', async () => {
    const recordId = readRecord(auditRecords(7)[4]!).id;
    const prove = `audit-snapshot prove ${recordId} --dir evidence --snapshot snap-job-1 --key trust.json --out proof.json`;
    expect(await run(prove, directory)).toContain('index 4 of snap-job-1');
    expect((await run(blocks('sh')[1]!, directory)).trimEnd().split('\n').at(-1)).toBe('VERIFIED');
  });
});
