import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { InjectOptions } from 'fastify';
import { newServiceKey } from '../../../dev/demo/serviceKey';
import { staticKeys } from '../../../src/http/auth/staticKeys';
import type { AppDeps } from '../../../src/http/app';
import { holdStart, makeJobService, RESULT, submission } from '../../harness/jobService';

type Service = ReturnType<typeof makeJobService>;
type Method = 'GET' | 'POST';

/** One route: a valid request, and the call to the job store that it depends on. */
interface Route {
  readonly at: string;
  readonly method: Method;
  readonly url: (jobId: string) => string;
  readonly body?: unknown;
  readonly store: 'create' | 'find' | 'list' | 'report';
}

const FAILURE = { status: 'failed', code: 'TAMPER_FOUND', reason: 'altered' };
const routes: readonly Route[] = [
  { at: '/jobs', method: 'POST', url: () => '/jobs', body: submission(), store: 'create' },
  { at: '/jobs', method: 'GET', url: () => '/jobs', store: 'list' },
  { at: '/jobs/{id}', method: 'GET', url: (id) => `/jobs/${id}`, store: 'find' },
  { at: '/jobs/{id}/events', method: 'GET', url: (id) => `/jobs/${id}/events`, store: 'find' },
  { at: '/jobs/{id}/cancel', method: 'POST', url: (id) => `/jobs/${id}/cancel`, store: 'find' },
  { at: '/jobs/{id}/retry', method: 'POST', url: (id) => `/jobs/${id}/retry`, store: 'find' },
  {
    at: '/jobs/{id}/succeed',
    method: 'POST',
    url: (id) => `/jobs/${id}/succeed`,
    body: { result: RESULT },
    store: 'report',
  },
  { at: '/jobs/{id}/fail', method: 'POST', url: (id) => `/jobs/${id}/fail`, body: FAILURE, store: 'report' },
];
const withId = routes.filter(({ at }) => at.includes('{id}'));
const withBody = routes.filter(({ body }) => body !== undefined);

function request({ method, url, body }: Route, jobId: string): [string, Omit<InjectOptions, 'url'>] {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, payload: body };
  return [url(jobId), { method, ...sent } as Omit<InjectOptions, 'url'>];
}

/** A request that is answered with each status of each route, by `METHOD /path status`. */
const cases = new Map<string, (service: Service) => Promise<Awaited<ReturnType<Service['ask']>>>>();

for (const route of routes) {
  const name = `${route.method} ${route.at}`;
  cases.set(`${name} 401`, async ({ app }) => {
    const [url, options] = request(route, 'x');
    return app.inject({ url, ...options });
  });
  cases.set(`${name} 500`, async (service) => {
    const jobId = await service.submit();
    service.jobs.faults.failNext(route.store, 'lost', new Error('mongodb://user:secret@host'));
    return service.ask(...request(route, jobId));
  });
  cases.set(`${name} 503`, async (service) => {
    const jobId = await service.submit();
    service.jobs.faults.failNext(route.store, 'lost');
    return service.ask(...request(route, jobId));
  });
}
for (const route of withId) {
  const name = `${route.method} ${route.at}`;
  cases.set(`${name} 400`, ({ ask }) => ask(...request(route, 'NO-ID')));
  cases.set(`${name} 404`, ({ ask }) => ask(...request(route, '0123456789abcdef01234567')));
}
for (const route of withBody) {
  const name = `${route.method} ${route.at}`;
  cases.set(`${name} 413`, ({ post }) => post(route.url('x'), `"${'x'.repeat(70_000)}"`));
  cases.set(`${name} 415`, ({ ask }) => {
    return ask(route.url('x'), {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      payload: '<job/>',
    });
  });
}
cases.set('POST /jobs 202', ({ post }) => post('/jobs', submission()));
cases.set('POST /jobs 400', ({ post }) => post('/jobs', { payload: {} }));
cases.set('POST /jobs 409', async ({ post, runs }) => {
  const headers = { 'idempotency-key': 'k' };
  const held = holdStart(runs);
  const first = post('/jobs', submission(), headers);
  await held.reached;
  const second = await post('/jobs', submission(), headers);
  held.letGo();
  await first;
  return second;
});
cases.set('POST /jobs 422', ({ post }) => post('/jobs', submission({ from: 'yesterday', to: 'today' })));
cases.set('GET /jobs 200', async ({ ask, submit }) => {
  await submit();
  return ask('/jobs');
});
cases.set('GET /jobs 400', ({ ask }) => ask('/jobs?limit=0'));
cases.set('GET /jobs/{id} 200', async ({ ask, submit }) => ask(`/jobs/${await submit()}`));
for (const [verb, status] of [
  ['succeed', 'succeeded'],
  ['fail', 'failed'],
] as const) {
  const route = routes.find(({ at }) => at.endsWith(verb))!;
  cases.set(`POST /jobs/{id}/${verb} 200`, async ({ ask, submit }) => ask(...request(route, await submit())));
  cases.set(`POST /jobs/{id}/${verb} 409`, async ({ ask, post, submit }) => {
    const jobId = await submit();
    const other = status === 'failed' ? { result: RESULT } : FAILURE;
    await post(`/jobs/${jobId}/${status === 'failed' ? 'succeed' : 'fail'}`, other);
    return ask(...request(route, jobId));
  });
}
for (const verb of ['cancel', 'retry'] as const) {
  cases.set(`POST /jobs/{id}/${verb} 202`, async ({ post, submit }) =>
    post(`/jobs/${await submit()}/${verb}`),
  );
  cases.set(`POST /jobs/{id}/${verb} 409`, async ({ post, submit }) => {
    const jobId = await submit();
    await post(`/jobs/${jobId}/succeed`, { result: RESULT });
    return post(`/jobs/${jobId}/${verb}`);
  });
}
cases.set('GET /jobs/{id}/events 200', async ({ ask, post, submit }) => {
  const jobId = await submit();
  await post(`/jobs/${jobId}/fail`, FAILURE);
  return ask(`/jobs/${jobId}/events`);
});
cases.set('GET /jobs/{id}/events 204', async ({ ask, post, submit }) => {
  const jobId = await submit();
  await post(`/jobs/${jobId}/fail`, FAILURE);
  const { body } = await ask(`/jobs/${jobId}/events`);
  const id = /^id: (\w+)$/m.exec(body)![1]!;
  return ask(`/jobs/${jobId}/events`, { headers: { 'last-event-id': id } });
});
cases.set('GET /livez 200', ({ app }) => app.inject('/livez'));
cases.set('GET /readyz 200', ({ app }) => app.inject('/readyz?verbose'));
cases.set('GET /readyz 400', ({ app }) => app.inject('/readyz?verbose=loudly'));
cases.set('GET /readyz 503', ({ app, runs }) => {
  runs.unreachable = true;
  return app.inject('/readyz?verbose');
});

/** Cases that need a service with other settings. */
const settings = new Map<
  string,
  { given: Partial<AppDeps>; ask: (service: Service) => ReturnType<Service['ask']> }
>();
for (const route of routes) {
  const name = `${route.method} ${route.at}`;
  const powerless = newServiceKey('powerless', route.at.endsWith('succeed') ? 'jobs:read' : 'jobs:report');
  const other = route.at.endsWith('fail') ? newServiceKey('powerless', 'jobs:write') : powerless;
  settings.set(`${name} 403`, {
    given: { authenticate: staticKeys(JSON.stringify([other.hashed])) },
    ask: ({ app }) => {
      const [url, options] = request(route, 'x');
      const authorization = `Bearer ${other.token}`;
      return app.inject({ url, ...options, headers: { ...options.headers, authorization } });
    },
  });
  settings.set(`${name} 429`, {
    given: { limits: { requestsPerMinute: 1, submissionsPerMinute: 1, maxEventLoopDelayMs: 0 } },
    ask: async ({ ask }) => {
      await ask('/jobs');
      return ask(...request(route, 'x'));
    },
  });
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
}

describe('the OpenAPI document', () => {
  let document: Document;
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);

  beforeAll(async () => {
    document = (await makeJobService().app.inject('/openapi.json')).json<Document>();
    ajv.addSchema(document, 'openapi.json');
  });

  test('the OpenAPI document lists exactly the statuses that have a case here', () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
    expect([...cases.keys(), ...settings.keys()].toSorted()).toEqual(documented.toSorted());
  });

  test.each([...cases.keys(), ...settings.keys()].toSorted())(
    '%s matches its documented schema and headers',
    async (name) => {
      const [method, path, status] = name.split(' ') as [Method, string, string];
      const special = settings.get(name);
      const service = makeJobService(special?.given ?? {});
      const response = await (special?.ask ?? cases.get(name)!)(service);
      expect({ status: response.statusCode, body: response.body }).toMatchObject({ status: Number(status) });
      const type = String(response.headers['content-type'] ?? '').split(';')[0]!;
      expect(faultsOf(response, Number(status))).toEqual([]);
      if (type === 'text/event-stream' || response.body === '') return;
      const pointer = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
      const escaped = pointer.map((part) =>
        encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
      );
      const matches = ajv.compile({ $ref: `openapi.json#/${escaped.join('/')}` });
      expect({ fits: matches(response.json()), errors: matches.errors }).toEqual({
        fits: true,
        errors: null,
      });
    },
  );
});

/** The properties that every error response has and this one lacks. */
function faultsOf({ headers, body }: Awaited<ReturnType<Service['ask']>>, status: number): string[] {
  if (status < 400) return [];
  const parsed = JSON.parse(body) as { readonly status?: number; readonly code?: string };
  const retryAfter = headers['retry-after'] ?? '';
  const challenge = String(headers['www-authenticate'] ?? '');
  const facts: readonly (readonly [string, boolean])[] = [
    ['content type', String(headers['content-type']).startsWith('application/problem+json')],
    ['status', parsed.status === status],
    ['code', /^[A-Z_]+$/.test(parsed.code ?? '')],
    ['no secret', !body.includes('secret')],
    ['WWW-Authenticate', ![401, 403].includes(status) || challenge.startsWith('Bearer ')],
    ['Retry-After', ![429, 503].includes(status) || /^[1-9]\d*$/.test(retryAfter)],
  ];
  return facts.filter(([, holds]) => !holds).map(([name]) => name);
}
