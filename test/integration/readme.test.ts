import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { exportSnapshot } from '../../src/verify/exportEvidence';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig } from '../../src/config';
import { runShell } from '../harness/commandLine';
import { Services, type JobView } from '../harness/services';

const ROOT = resolve(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };

/** The fenced block of the README that contains `text`. */
function blockWith(text: string): string {
  const blocks = [...README.matchAll(/^```(?:sh|bash)\n(.*?)^```$/gms)].map(([, block]) => block!);
  const found = blocks.filter((block) => block.includes(text));
  if (found.length !== 1) throw new Error(`${found.length} blocks of the README contain ${text}`);
  return found[0]!;
}

describe('the commands of the README', () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-readme-'));
  const services = new Services();
  let snapshotId: string;

  /** Runs a block in bash, with the command line of this checkout as `audit-snapshot`. */
  async function run(block: string, cwd = directory): Promise<{ stdout: string; stderr: string }> {
    const env = {
      ...process.env,
      ...services.env,
      JOB_SERVICE_URL: services.url,
      JOB_SERVICE_TOKEN: services.token,
    };
    return runShell(block, { cwd, env });
  }

  beforeAll(async () => {
    await services.start();
    await services.log(500, DAY);
  }, 120_000);

  afterAll(() => services.stop());

  test('the curl request of the README seals the day', async () => {
    const { stdout } = await run(blockWith('curl -i'));
    expect(stdout).toMatch(/^HTTP\/1.1 202 /);
    const { jobId } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as JobView;
    const { result } = await services.ended(jobId);
    expect(result).toMatchObject({ recordCount: 500 });
    ({ snapshotId } = result!);
  });

  test('the seal command of the README starts a job that watch can attach to', async () => {
    const lines = blockWith('audit-snapshot seal').trim().split('\n');
    const [seal, watch, list, status] = lines as [string, string, string, string];
    const sealed = await run(`${seal} --json`);
    const { jobId } = JSON.parse(sealed.stdout) as JobView;
    const watched = await run(`${watch.replace('<jobId>', jobId)} --json`);
    expect(JSON.parse(watched.stdout)).toMatchObject({ jobId, result: { recordCount: expect.any(Number) } });
    expect((await run(list)).stdout).toContain(jobId);
    await expect(run(status)).rejects.toMatchObject({ code: 6 });
  });

  test('the verify command of the README verifies the snapshot with the exported key', async () => {
    const { stdout } = await run(
      blockWith('audit-snapshot verify').replace('<snapshotId | directory>', snapshotId),
    );
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('VERIFIED');
  });

  test('the manual check of the README accepts the evidence, and refuses it with one byte changed', async () => {
    await exportSnapshot(
      bucketReader(connectObjectStore(readStorageConfig({ ...process.env, ...services.env }))),
      snapshotId,
      directory,
    );
    const folder = join(directory, 'snapshots', snapshotId);
    copyFileSync(join(directory, 'trust.json'), join(folder, 'trust.json'));
    const block = blockWith('openssl pkeyutl');
    const { stdout } = await run(block, folder);
    expect(stdout).toContain('Signature Verified Successfully');
    expect(stdout).toContain('chunks/000000.bson.gz: OK');

    const chunk = join(folder, 'chunks/000000.bson.gz');
    const bytes = readFileSync(chunk);
    bytes[100]! ^= 1;
    writeFileSync(chunk, bytes);
    await expect(run(block, folder)).rejects.toMatchObject({
      stdout: expect.stringContaining('chunks/000000.bson.gz: FAILED'),
    });
  });
});
