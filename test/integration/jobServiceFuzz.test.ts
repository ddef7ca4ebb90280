import { join } from 'node:path';
import { connectDatabase } from '../../src/mongo/connection';
import { MongoJobStore } from '../../src/mongo/jobStore';
import { Services } from '../harness/services';
import { installSchemathesis, runSchemathesis } from '../harness/schemathesis';

const CONFIG = join(__dirname, '../harness/schemathesis.toml');
/** The job that the OpenAPI document gives as its example. */
const EXAMPLE_JOB = '6917a4e0c3b1f2a4d5e6f708';
/** Failed as well; the only one that is retried. */
const RETRIED_JOB = '6917a4e0c3b1f2a4d5e6f709';
const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };

describe('the job service under schemathesis', () => {
  const services = new Services({
    JOB_SERVICE_REQUESTS_PER_MINUTE: '1000000',
    JOB_SERVICE_SUBMISSIONS_PER_MINUTE: '1000000',
  });

  beforeAll(async () => {
    await installSchemathesis();
    await services.startService();
    const connection = await connectDatabase(services.env['MONGODB_URI']!);
    const jobs = new MongoJobStore(connection);
    for (const jobId of [EXAMPLE_JOB, RETRIED_JOB]) {
      await jobs.create(jobId, 'audit.snapshot', DAY);
      await jobs.report(jobId, { status: 'failed', code: 'TAMPER_FOUND', reason: 'an example' });
    }
    await connection.close();
  }, 300_000);

  afterAll(() => services.stop());

  test('no response to a valid or invalid request contradicts the OpenAPI document', async () => {
    const phases = '--phases=examples,coverage,fuzzing';
    const { code, output } = await runSchemathesis(CONFIG, services.url, services.token, phases);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  }, 300_000);
});
