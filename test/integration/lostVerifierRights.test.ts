import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf } from '../../src/cli/output';
import { readStorageConfig } from '../../src/config';
import { makeTrustFile } from '../../src/evidence/trustFile';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { runCommand } from '../harness/commandLine';
import { InProcessRun } from '../harness/inProcessEngine';
import { depsOnStore, newBucket } from '../harness/realStore';
import { rightsOfPage } from '../harness/rightsPage';
import { enforcePolicy, readPolicy } from '../harness/s3Policy';
import { startS3Proxy } from '../harness/s3Proxy';

const INPUT = { jobId: 'day-one', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const real = readStorageConfig();

describe('a right of the verifier that is missing', () => {
  const policy = readPolicy('s3-verifier');
  const trustFile = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-rights-')), 'trust.json');
  const rows = rightsOfPage('s3-verifier.json');
  let bucket: string;

  beforeAll(async () => {
    bucket = await newBucket();
    const deps = depsOnStore(connectObjectStore({ ...real, bucket }), 3);
    await new InProcessRun(deps).run(INPUT);
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    writeFileSync(trustFile, JSON.stringify(trust));
  });

  const verify = async (...removed: readonly string[]) => {
    await using proxy = await startS3Proxy(real.endpoint, enforcePolicy(policy, ...removed));
    const env = {
      ...process.env,
      S3_BUCKET: bucket,
      S3_ENDPOINT: proxy.url,
      AUDIT_ORIGIN: 'test.example/audit',
    };
    return await runCommand(env, 'verify', '--key', trustFile);
  };

  test('with all of them the evidence is verified', async () => {
    await expect(verify()).resolves.toMatchObject({ code: 0, stdout: expect.stringMatching(/^VERIFIED$/m) });
  }, 120_000);

  test.each(rows.filter(({ noticedBy }) => noticedBy === 'verify'))(
    '$right: "verify" ends with $code and exit code $exitCode, and accuses no evidence',
    async ({ right, code, exitCode }) => {
      const { code: ended, stdout, stderr } = await verify(right);
      expect(stderr).toMatch(new RegExp(`error \\[${code}\\]: .*${right}\\b`));
      expect(ended).toBe(exitCode);
      expect(stdout).not.toContain('NOT VERIFIED');
    },
    120_000,
  );

  test.each([...rows, ...rightsOfPage('s3-hold.json')].filter(({ noticedBy }) => noticedBy !== 'verify'))(
    '$right: "$noticedBy" ends with $code and exit code $exitCode',
    async ({ right, noticedBy, code, exitCode }) => {
      const all = [...policy, ...readPolicy('s3-hold')];
      await using proxy = await startS3Proxy(real.endpoint, enforcePolicy(all, right));
      const store = connectObjectStore({ ...real, bucket, endpoint: proxy.url });
      const { value: version } = await store.listVersions('snapshots/')[Symbol.asyncIterator]().next();
      const { key, versionId } = version as { key: string; versionId: string };
      const call =
        noticedBy === 'show' ? store.readLegalHold(key, versionId) : store.setLegalHold(key, versionId, true);
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, message: expect.stringContaining(right) });
      expect(exitCodeOf(error)).toBe(exitCode);
    },
  );
});
