import { mergeExpositions } from '../../../src/monitoring/mergeExpositions';

const TEXT = `# HELP temporal_request_total Requests.
# TYPE temporal_request_total counter
temporal_request_total{operation="Poll",namespace="a,b}"} 3
# HELP temporal_latency_seconds Latency.
# TYPE temporal_latency_seconds histogram
temporal_latency_seconds_bucket{le="0.1"} 1
temporal_latency_seconds_bucket{le="+Inf"} 2
temporal_latency_seconds_sum 0.5
temporal_latency_seconds_count 2
`;

test('the samples of every process get its label, and the lines of one metric stay together', () => {
  const merged = mergeExpositions(
    'worker_process',
    new Map([
      ['0', TEXT],
      ['1', TEXT],
    ]),
  );
  expect(merged.split('\n')).toEqual([
    '# HELP temporal_request_total Requests.',
    '# TYPE temporal_request_total counter',
    'temporal_request_total{operation="Poll",namespace="a,b}",worker_process="0"} 3',
    'temporal_request_total{operation="Poll",namespace="a,b}",worker_process="1"} 3',
    '# HELP temporal_latency_seconds Latency.',
    '# TYPE temporal_latency_seconds histogram',
    ...['0', '1'].flatMap((index) => [
      `temporal_latency_seconds_bucket{le="0.1",worker_process="${index}"} 1`,
      `temporal_latency_seconds_bucket{le="+Inf",worker_process="${index}"} 2`,
      `temporal_latency_seconds_sum{worker_process="${index}"} 0.5`,
      `temporal_latency_seconds_count{worker_process="${index}"} 2`,
    ]),
    '',
  ]);
});

test('a process that answers nothing, or something else, adds no line', () => {
  expect(
    mergeExpositions(
      'worker_process',
      new Map([
        ['0', ''],
        ['1', '<html>\nnot found\n'],
      ]),
    ),
  ).toBe('');
});
