import { snapshotIdOf } from '../../src/contract/names';
import { readStorageConfig } from '../../src/config';
import { manifestSignatureKey } from '../../src/evidence/objectKeys';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { runCommand } from '../harness/commandLine';
import { InProcessRun } from '../harness/inProcessEngine';
import { depsOnStore, newBucket } from '../harness/realStore';
import { rightsOfPage } from '../harness/rightsPage';
import { enforcePolicy, readPolicy } from '../harness/s3Policy';
import { startS3Proxy } from '../harness/s3Proxy';

const INPUT = {
  jobId: 'day-one',
  from: '2026-03-01T00:00:00.000Z',
  to: '2026-03-01T23:59:59.999Z',
  maxAttempts: 1,
};
const SNAPSHOT = snapshotIdOf(INPUT.jobId);
const real = readStorageConfig();

describe('a right of the sealer in storage that is removed while its worker runs', () => {
  const policy = readPolicy('s3-sealer');
  const rows = rightsOfPage('s3-sealer.json');

  /** Seals in a bucket of its own without this right, and returns its outcome. */
  async function sealWithout(right: string) {
    const bucket = await newBucket();
    await using proxy = await startS3Proxy(real.endpoint, enforcePolicy(policy, right));
    const deps = depsOnStore(connectObjectStore({ ...real, bucket, endpoint: proxy.url }), 3);
    const outcome: unknown = await new InProcessRun(deps, { maxAttempts: 1 })
      .run(INPUT)
      .catch((error: unknown) => error);
    const signature = await connectObjectStore({ ...real, bucket }).get(manifestSignatureKey(SNAPSHOT), 1000);
    return {
      outcome,
      signature,
      lease: await deps.leases.find(SNAPSHOT),
      marked: deps.fakes.records.markCounts.size,
    };
  }

  test.each(rows.filter(({ runningJob }) => runningJob === 'succeeds'))(
    '$right: the job succeeds, because only the start of a worker needs it',
    async ({ right }) => {
      await expect(sealWithout(right)).resolves.toMatchObject({ outcome: { recordCount: 3 } });
    },
  );

  test.each(rows.filter(({ runningJob }) => runningJob !== 'succeeds'))(
    '$right: the job ends with $code, nothing is signed, its window is free',
    async ({ right, code }) => {
      const none = { signature: undefined, lease: undefined, marked: 0 };
      await expect(sealWithout(right)).resolves.toMatchObject({ outcome: { type: code }, ...none });
    },
  );
});

describe('a right of the doctor that is missing', () => {
  const policy = readPolicy('s3-doctor');
  const rows = rightsOfPage('s3-doctor.json');

  async function doctorWithout(right: string) {
    await using proxy = await startS3Proxy(real.endpoint, enforcePolicy(policy, right));
    const { code, stdout } = await runCommand({ ...process.env, S3_ENDPOINT: proxy.url }, 'doctor', '--json');
    const { checks } = JSON.parse(stdout) as {
      checks: { state: string; found: string; advice?: string }[];
    };
    return { code, checks, failed: checks.filter(({ state }) => state === 'fail') };
  }

  test.each(rows.filter(({ code }) => code !== 'none'))(
    '$right: "doctor" reports $code, and ends with exit code $exitCode',
    async ({ right, code, exitCode }) => {
      const { failed, code: ended } = await doctorWithout(right);
      expect(failed[0]?.found).toMatch(new RegExp(`^${code}: .*${right}\\b`));
      expect(ended).toBe(exitCode);
    },
  );

  test.each(rows.filter(({ code }) => code === 'none'))(
    '$right: "doctor" warns that it shows less, and ends with exit code $exitCode',
    async ({ right, exitCode }) => {
      const { checks, failed, code: ended } = await doctorWithout(right);
      expect(failed).toEqual([]);
      const advice = expect.stringContaining(right) as string;
      expect(checks).toContainEqual(expect.objectContaining({ state: 'warn', advice }));
      expect(ended).toBe(exitCode);
    },
  );
});
