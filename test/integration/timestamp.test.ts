import { tsaClient } from '../../src/tsa/tsaClient';
import { makeTrustFile } from '../../src/evidence/trustFile';
import { manifestKey, manifestTimestampKey } from '../../src/evidence/objectKeys';
import { sha256 } from '../../src/tlog/sha256';
import { readTimestamp } from '../../src/evidence/timestamp';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { FakeDeps } from '../harness/fakeDeps';
import { InProcessRun } from '../harness/inProcessEngine';
import { TimestampAuthority } from '../harness/timestampAuthority';

const INPUT = { jobId: 'job-1', from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const TIMESTAMP = manifestTimestampKey('snap-job-1');

describe('a manifest with an RFC 3161 timestamp', () => {
  let authority: TimestampAuthority;
  let deps: FakeDeps;

  beforeAll(async () => {
    authority = await TimestampAuthority.start();
  }, 60_000);
  afterAll(() => authority.stop());
  beforeEach(() => {
    deps = new FakeDeps();
    deps.logEntries(6);
    deps.timestamper = tsaClient(authority.url);
  });

  const objectOf = async (key: string) => (await deps.store.get(key, 1e6))!.body;
  async function verify() {
    const read = async (key: string, version: string | undefined) =>
      (await deps.store.get(key, 1e9, version))?.body;
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    const options = { trust, found: ['snap-job-1'], listed: deps.store.keys() };
    return (await verifyEvidence({ read }, options)).report;
  }

  test('is accepted by openssl, and refused for another manifest', async () => {
    await new InProcessRun(deps).run(INPUT);
    const [manifest, response] = [await objectOf(manifestKey('snap-job-1')), await objectOf(TIMESTAMP)];
    expect(await authority.verify(manifest, response)).toContain('Verification: OK');
    await expect(authority.verify(Buffer.from('{}'), response)).rejects.toThrow(/ts -verify/);
  });

  test('is VERIFIED with the rest, registered and locked with it', async () => {
    await new InProcessRun(deps).run(INPUT);
    const report = await verify();
    expect(report.verdict).toBe('VERIFIED');
    expect(report.snapshots[0]!.layers).toContainEqual({ layer: 'timestamp', passed: 1, total: 1 });
    const [asset] = [...deps.assets.assets.values()];
    expect(asset!.objects.map(({ key }) => key)).toContain(TIMESTAMP);
  });

  test('gets one answer that counts, though the write of it was not acknowledged', async () => {
    deps.store.faults.failCall('putOnce', 6, 'unacknowledged');
    await new InProcessRun(deps).run(INPUT);
    expect(deps.store.versions(TIMESTAMP)).toHaveLength(1);
    await expect(verify()).resolves.toMatchObject({ verdict: 'VERIFIED' });
  });

  test('of another manifest, or of none, is NOT VERIFIED', async () => {
    await new InProcessRun(deps).run(INPUT);
    const response = await objectOf(TIMESTAMP);
    const other = Buffer.from(response);
    other[other.indexOf(sha256(await objectOf(manifestKey('snap-job-1'))))]! ^= 1;
    for (const forged of [
      other,
      response.subarray(0, -1),
      Buffer.alloc(0),
      Buffer.concat([response, Buffer.of(0)]),
    ]) {
      deps.store.alter(TIMESTAMP, forged);
      await expect(verify()).resolves.toMatchObject({ verdict: 'NOT VERIFIED' });
    }
  });

  test('an authority that refuses, or is not there, has its own code', async () => {
    const digest = sha256(Buffer.from('x'));
    await expect(tsaClient('http://127.0.0.1:9/').timestamp(digest)).rejects.toMatchObject({
      code: 'TIMESTAMP_FAILED',
      retryable: true,
    });
    // PKIStatusInfo with status 2: rejection.
    expect(readTimestamp(Buffer.from('30053003020102', 'hex'), digest)).toBe('refused');
    expect(readTimestamp(Buffer.from('30053003020100', 'hex'), digest)).toBe('malformed');
  });
});
