import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../harness/eventually';
import { SEALING_ACTIVITIES } from '../harness/sealingActivities';
import { Services, type JobView } from '../harness/services';
import { startTraceCollector, type CollectedSpan, type TraceCollector } from '../harness/traceCollector';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER_SPAN_ID = 'b7ad6b7169203331';

describe('the trace of one request, in a local collector', () => {
  let collector: TraceCollector;
  let services: Services;
  let jobId = '';
  let ended: JobView;
  const ofTrace = () => collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
  const named = (name: string) => ofTrace().filter((span) => span.name === name);

  beforeAll(async () => {
    collector = await startTraceCollector();
    services = new Services({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      DEBUG: '*',
    });
    await services.start();
    await services.log(50, WINDOW);
    const response = await services.request('/jobs', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${TRACE_ID}-${CALLER_SPAN_ID}-01`,
        baggage: 'secret=hunter2',
      },
      body: JSON.stringify({ type: 'audit.snapshot', payload: WINDOW }),
    });
    ({ jobId } = (await response.json()) as JobView);
    ended = await services.ended(jobId);
    await eventually('the workflow span', () => named('RunWorkflow:auditSnapshotWorkflow').length > 0);
  }, 300_000);

  afterAll(async () => {
    await services.stop();
    await collector[Symbol.asyncDispose]();
  });

  test('is of a job that succeeded', () => {
    expect(ended).toMatchObject({ status: 'succeeded', result: { recordCount: 50 } });
  });

  test('shows the HTTP request as the child of the caller, the workflow and every activity', () => {
    const [request] = named('POST /jobs');
    expect(request).toMatchObject({ parentSpanId: CALLER_SPAN_ID, service: 'audit-snapshot-job-service' });
    expect(Object.fromEntries(request!.attributes.map(({ key, value }) => [key, value]))).toMatchObject({
      'http.request.method': { stringValue: 'POST' },
      'http.route': { stringValue: '/jobs' },
      'http.response.status_code': { intValue: 202 },
    });
    expect(named('RunWorkflow:auditSnapshotWorkflow')).toHaveLength(1);
    for (const activity of SEALING_ACTIVITIES) {
      const [span] = named(`RunActivity:${activity}`);
      expect([activity, span?.service]).toEqual([activity, 'audit-snapshot-worker']);
    }
  });

  test('joins all of them: each span leads to the request', () => {
    const spans = new Map(ofTrace().map((span) => [span.spanId, span]));
    const rootOf = (span: CollectedSpan): string => {
      const parent = spans.get(span.parentSpanId ?? '');
      return parent ? rootOf(parent) : span.name;
    };
    expect(new Set([...spans.values()].map(rootOf))).toEqual(new Set(['POST /jobs']));
  });

  test('includes the report of the worker to the job service', () => {
    const [report] = named('POST /jobs/:id/succeed');
    const activity = named('RunActivity:reportJob').find(({ spanId }) => spanId === report?.parentSpanId);
    expect(activity).toBeDefined();
  });

  test('is in the log line of every activity, with job, snapshot and window', () => {
    const lines = readFileSync(services.workerLog, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"activity completed"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(new Set(lines.map(({ activity }) => activity))).toEqual(new Set(SEALING_ACTIVITIES));
    for (const line of lines)
      expect(line).toMatchObject({ job: jobId, snapshot: `snap-${jobId}`, trace_id: TRACE_ID });
    expect(lines.find(({ activity }) => activity === 'openSnapshot')).toMatchObject({
      window: `${WINDOW.from}/${WINDOW.to}`,
    });
  });

  test('names no token, and does not carry what else a caller sends', () => {
    const text = JSON.stringify(collector.spans);
    expect(text).not.toContain(services.token);
    expect(text).not.toContain('hunter2');
  });

  test('no process prints a token or a secret, also with DEBUG=*', () => {
    const secrets = ['VAULT_SECRET_ID', 'VAULT_TOKEN', 'S3_SECRET_KEY', 'JOB_SERVICE_TOKEN']
      .map((name) => services.env[name] ?? process.env[name])
      .filter((value) => value !== undefined);
    const printed = readdirSync(services.logs)
      .map((file) => readFileSync(join(services.logs, file), 'utf8'))
      .join('');
    expect(printed).toContain('"worker started"');
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of [...secrets, services.token]) expect(printed).not.toContain(secret);
    expect(printed).not.toMatch(/x-vault-token'?:? *'?[^']*hvs\./i);
  });
});
