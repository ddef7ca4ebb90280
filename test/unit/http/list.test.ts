import { makeJobService } from '../../harness/jobService';

interface Page {
  readonly jobs: readonly { readonly jobId: string; readonly status: string }[];
  readonly next: string | null;
}

async function withJobs(count: number) {
  const service = makeJobService();
  for (let index = 0; index < count; index++) {
    const day = String((index % 28) + 1).padStart(2, '0');
    await service.submit({ from: `2026-03-${day}T00:00:00Z`, to: `2026-03-${day}T23:59:59.999Z` });
  }
  const list = async (query: string) => (await service.ask(`/jobs?${query}`)).json<Page>();
  return { ...service, list };
}

describe('GET /jobs', () => {
  test('the job list pages through every job once, newest first, by cursor and by link', async () => {
    const { ask, list } = await withJobs(23);
    const seen: string[] = [];
    let url: string | undefined = '/jobs?limit=10&type=audit.snapshot';
    for (let pages = 0; url !== undefined; pages++) {
      expect(pages).toBeLessThan(3);
      const response = await ask(url);
      const page: Page = response.json<Page>();
      seen.push(...page.jobs.map(({ jobId }) => jobId));
      url = /^<(\/jobs\?[^>]*)>; rel="next"$/.exec(String(response.headers['link'] ?? ''))?.[1];
      expect(new URLSearchParams(url?.split('?')[1]).get('cursor')).toBe(page.next);
    }
    expect(seen).toEqual((await list('limit=100')).jobs.map(({ jobId }) => jobId));
    expect(new Set(seen).size).toBe(23);
  });

  test('the job list filters by status, by creation time, and by the log time that windows touch', async () => {
    const { list, post } = await withJobs(5);
    const { jobs } = await list('limit=100');
    const failedId = jobs[2]!.jobId;
    await post(`/jobs/${failedId}/fail`, { code: 'X', reason: 'y' });
    expect((await list('status=failed')).jobs.map(({ jobId }) => jobId)).toEqual([failedId]);
    const touched = await list('from=2026-03-02T12:00:00Z&to=2026-03-03T00:00:00Z');
    expect(touched.jobs).toHaveLength(2);
    expect((await list('createdBefore=2020-01-01T00:00:00Z')).jobs).toEqual([]);
    expect((await list('createdAfter=2020-01-01T00:00:00Z')).jobs).toHaveLength(5);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=05',
    'limit=1e1',
    'status=lost',
    'createdAfter=yesterday',
    'createdBefore=2026-02-30T00:00:00Z',
    'cursor=abc',
    'cursor=MTIz',
    `cursor=${Buffer.from('1.a b').toString('base64url')}`,
    'order=up',
    'status=failed&status=queued',
  ])('a job list with %s is rejected', async (query) => {
    const { ask } = makeJobService();
    expect((await ask(`/jobs?${query}`)).json()).toMatchObject({ status: 400, code: 'USAGE_INVALID' });
  });
});
