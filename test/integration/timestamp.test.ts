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

  test('openssl accepts the timestamp of a manifest, and refuses it for another manifest', async () => {
    await new InProcessRun(deps).run(INPUT);
    const [manifest, response] = [await objectOf(manifestKey('snap-job-1')), await objectOf(TIMESTAMP)];
    expect(await authority.verify(manifest, response)).toContain('Verification: OK');
    await expect(authority.verify(Buffer.from('{}'), response)).rejects.toThrow(/ts -verify/);
  });

  test('the timestamp of a manifest is verified with its snapshot and registered with its asset', async () => {
    await new InProcessRun(deps).run(INPUT);
    const report = await verify();
    expect(report.verdict).toBe('VERIFIED');
    expect(report.snapshots[0]!.layers).toContainEqual({ layer: 'timestamp', passed: 1, total: 1 });
    const [asset] = [...deps.assets.assets.values()];
    expect(asset!.objects.map(({ key }) => key)).toContain(TIMESTAMP);
  });

  test('a timestamp whose write was not acknowledged is stored once', async () => {
    deps.store.faults.failCall('putOnce', 6, 'unacknowledged');
    await new InProcessRun(deps).run(INPUT);
    expect(deps.store.versions(TIMESTAMP)).toHaveLength(1);
    await expect(verify()).resolves.toMatchObject({ verdict: 'VERIFIED' });
  });

  test('a snapshot with a timestamp of another manifest, or a malformed one, is NOT VERIFIED', async () => {
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

  test('an unreachable timestamp authority is a retryable TIMESTAMP_FAILED, and a refusal is recognised', async () => {
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
