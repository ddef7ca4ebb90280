import { newServiceKey } from '../../../dev/demo/serviceKey';
import { staticKeys } from '../../../src/http/auth/staticKeys';
import type { JobAuditEntry } from '../../../src/ports/jobAudit';
import type { Visibility } from '../../../src/http/visibility';
import { makeJobService, RESULT, submission } from '../../harness/jobService';

const SCOPES = ['jobs:write', 'jobs:read'] as const;
const KEYS = {
  anna: { key: newServiceKey('anna', ...SCOPES), tenant: 'north' },
  ben: { key: newServiceKey('ben', ...SCOPES), tenant: 'north' },
  cleo: { key: newServiceKey('cleo', ...SCOPES), tenant: 'south' },
  dora: { key: newServiceKey('dora', ...SCOPES), tenant: undefined },
  auditor: { key: newServiceKey('auditor', 'jobs:read', 'jobs:any'), tenant: undefined },
  writer: { key: newServiceKey('writer', 'jobs:write'), tenant: 'north' },
} as const;
type Name = keyof typeof KEYS;

const keyFile = JSON.stringify(
  Object.values(KEYS).map(({ key, tenant }) => ({
    ...key.hashed,
    ...(tenant === undefined ? {} : { tenant }),
  })),
);

function setUp(visibility: Visibility = 'all') {
  const audited: JobAuditEntry[] = [];
  const audit = { record: (entry: JobAuditEntry) => Promise.resolve(void audited.push(entry)) };
  const service = makeJobService({ authenticate: staticKeys(keyFile), visibility, audit });
  const as = (name: Name, url: string, method: 'GET' | 'POST' = 'GET', payload?: object) =>
    service.app.inject({
      url,
      method,
      headers: { authorization: `Bearer ${KEYS[name].key.token}` },
      ...(payload === undefined ? {} : { payload }),
    });
  const submitAs = async (name: Name) =>
    (await as(name, '/jobs', 'POST', submission())).json<{ jobId: string }>().jobId;
  return { ...service, audited, as, submitAs };
}

describe('which jobs a caller sees', () => {
  /** Whose jobs each caller sees. */
  const CASES: readonly (readonly [Visibility, Partial<Record<Name, readonly Name[]>>])[] = [
    ['all', { anna: ['anna', 'ben', 'cleo', 'dora'], dora: ['anna', 'ben', 'cleo', 'dora'] }],
    ['tenant', { anna: ['anna', 'ben'], ben: ['anna', 'ben'], cleo: ['cleo'], dora: ['dora'] }],
    ['own', { anna: ['anna'], ben: ['ben'], cleo: ['cleo'], dora: ['dora'] }],
  ];
  const SUBMITTERS = ['anna', 'ben', 'cleo', 'dora'] as const;

  test.each(CASES)(
    'with the visibility "%s", the list, the job, its stream and its controls agree',
    async (visibility, seenBy) => {
      const { as, submitAs } = setUp(visibility);
      const ids = new Map<string, Name>();
      for (const name of SUBMITTERS) ids.set(await submitAs(name), name);
      for (const [caller, owners] of Object.entries(seenBy) as [Name, readonly Name[]][]) {
        const page = (await as(caller, '/jobs')).json<{ jobs: { jobId: string }[] }>();
        expect(new Set(page.jobs.map(({ jobId }) => ids.get(jobId)))).toEqual(new Set(owners));
        for (const [jobId, owner] of ids) {
          const seen = owners.includes(owner);
          expect([caller, owner, (await as(caller, `/jobs/${jobId}`)).statusCode]).toEqual([
            caller,
            owner,
            seen ? 200 : 404,
          ]);
          if (seen) continue;
          const missing = (await as(caller, '/jobs/ffffffffffffffffffffffff')).json<{ detail: string }>();
          for (const [path, method] of [
            [`/jobs/${jobId}?wait=30s`, 'GET'],
            [`/jobs/${jobId}/events`, 'GET'],
            [`/jobs/${jobId}/cancel`, 'POST'],
            [`/jobs/${jobId}/retry`, 'POST'],
          ] as const) {
            const refused = (await as(caller, path, method)).json<{ code: string; detail: string }>();
            // The same answer as for a job that does not exist.
            expect(refused.code).toBe('JOB_NOT_FOUND');
            expect(refused.detail.replace(jobId, '')).toBe(missing.detail.replace('f'.repeat(24), ''));
          }
        }
      }
    },
  );

  test.each(['tenant', 'own'] as const)(
    'with the visibility "%s", the scope jobs:any shows every job, also those that no caller submitted',
    async (visibility) => {
      const { as, submitAs, jobs } = setUp(visibility);
      await submitAs('anna');
      await jobs.ensure({ jobId: 'nightly', from: RESULT.window.from, to: RESULT.window.to }, 1);
      const seen = async (name: Name) => (await as(name, '/jobs')).json<{ jobs: object[] }>().jobs.length;
      expect([await seen('auditor'), await seen('anna'), await seen('cleo')]).toEqual([2, 1, 0]);
      expect((await as('auditor', '/jobs/nightly')).statusCode).toBe(200);
      expect((await as('anna', '/jobs/nightly')).statusCode).toBe(404);
    },
  );
});

describe('who did what to a job', () => {
  test('is recorded in its row, in the audit log and in the process log, before it is done', async () => {
    const { as, submitAs, audited, jobs, runs } = setUp();
    const jobId = await submitAs('anna');
    await as('ben', `/jobs/${jobId}/cancel`, 'POST');
    runs.open.delete(jobId);
    await jobs.report(jobId, { status: 'cancelled', code: 'JOB_CANCELLED', reason: 'x' });
    await as('cleo', `/jobs/${jobId}/retry`, 'POST');

    expect((await as('anna', `/jobs/${jobId}`)).json()).toMatchObject({
      submittedBy: 'key:anna',
      actions: [
        { action: 'cancel', by: 'key:ben', at: expect.stringMatching(/Z$/) as string },
        { action: 'retry', by: 'key:cleo' },
      ],
    });
    expect(jobs.jobs.get(jobId)).toMatchObject({ submittedBy: 'key:anna', tenant: 'north' });
    expect(audited).toEqual([
      { action: 'job.submitted', jobId, actor: 'key:anna', tenant: 'north', requestId: expect.any(String) },
      { action: 'job.cancelled', jobId, actor: 'key:ben', tenant: 'north', requestId: expect.any(String) },
      { action: 'job.retried', jobId, actor: 'key:cleo', tenant: 'south', requestId: expect.any(String) },
    ]);
  });

  test('nothing is done that cannot be recorded', async () => {
    const { as, jobs, runs } = setUp();
    const refusing = makeJobService({
      authenticate: staticKeys(keyFile),
      audit: { record: () => Promise.reject(new Error('the log is full')) },
    });
    const response = await refusing.app.inject({
      url: '/jobs',
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.anna.key.token}`, 'content-type': 'application/json' },
      payload: submission(),
    });
    expect(response.statusCode).toBe(500);
    expect([refusing.jobs.jobs.size, refusing.runs.started]).toEqual([0, []]);
    // The same request with a log that accepts entries.
    expect((await as('anna', '/jobs', 'POST', submission())).statusCode).toBe(202);
    expect([jobs.jobs.size, runs.started.length]).toEqual([1, 1]);
  });

  test('a row keeps the latest twenty requests', async () => {
    const { jobs, submitAs } = setUp();
    const jobId = await submitAs('anna');
    for (let index = 0; index < 25; index++)
      await jobs.addAction(jobId, { action: 'cancel', by: `key:${index}`, at: new Date(0) });
    const { actions = [] } = jobs.jobs.get(jobId)!;
    expect([actions.length, actions[0]!.by, actions.at(-1)!.by]).toEqual([20, 'key:5', 'key:24']);
  });

  test('a cancellation or a retry shows the job, so it needs the right to read it', async () => {
    const { as, submitAs, runs } = setUp();
    const jobId = await submitAs('anna');
    for (const verb of ['cancel', 'retry']) {
      const refused = await as('writer', `/jobs/${jobId}/${verb}`, 'POST');
      expect(refused.json()).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
      expect(refused.headers['www-authenticate']).toContain('scope="jobs:write jobs:read"');
    }
    expect(runs.open.has(jobId)).toBe(true);
  });
});

describe('the report of a job', () => {
  test('is accepted from its open run only', async () => {
    const { post, submit, runs, jobs } = makeJobService();
    const jobId = await submit();
    const other = await submit();
    const report = (headers: Record<string, string>) =>
      post(`/jobs/${jobId}/succeed`, { result: RESULT }, headers);
    for (const runId of [`run-${other}`, 'made-up'])
      expect((await report({ 'audit-run-id': runId })).json()).toMatchObject({
        status: 409,
        code: 'JOB_CONFLICT',
      });
    expect((await report({ 'audit-run-id': 'not a run id' })).statusCode).toBe(400);
    expect(jobs.jobs.get(jobId)?.status).toBe('queued');

    runs.open.delete(jobId);
    expect((await report({})).statusCode).toBe(409);
    runs.open.add(jobId);
    expect((await report({})).json()).toMatchObject({ status: 'succeeded' });
  });

  test('without the id of a run is refused', async () => {
    const { app, submit, token } = makeJobService();
    const jobId = await submit();
    const response = await app.inject({
      url: `/jobs/${jobId}/succeed`,
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      payload: { result: RESULT },
    });
    expect(response.json()).toMatchObject({ status: 400, code: 'USAGE_INVALID' });
  });
});
