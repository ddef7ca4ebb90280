import { attentionReasons } from '../../../src/cli/attentionReasons';
import type { SealingFacts } from '../../../src/cli/sealingFacts';

const HEALTHY: SealingFacts = {
  origin: 'test.example/audit',
  ledgerSize: 2,
  ledgerDifference: null,
  stuck: [],
  temporalFailure: null,
  sealedUntil: '2026-01-31T23:59:59.999Z',
  lagSeconds: 600,
  gaps: [],
  findings: 0,
  unsealed: { late: 3, overdue: 0, waiting: null },
  jobs: { queued: 1, running: 1, failed: [] },
};

test('records that wait, or are late within the allowance, need no attention', () => {
  expect(attentionReasons(HEALTHY, undefined)).toEqual([]);
  expect(attentionReasons(HEALTHY, 600)).toEqual([]);
});

test.each<[string, Partial<SealingFacts>, number | undefined, RegExp]>([
  ['a gap', { gaps: [{ from: 'A', to: 'B' }] }, undefined, /seal it: audit-snapshot seal --from A --to B/],
  [
    'a failed job whose window is not sealed',
    { jobs: { queued: 0, running: 0, failed: [{ jobId: 'job-1', code: 'TAMPER_FOUND' }] } },
    undefined,
    /^job job-1 failed \(TAMPER_FOUND\)/,
  ],
  [
    'a ledger that differs',
    { ledgerDifference: 'the database is older' },
    undefined,
    /^ledger: the database is older/,
  ],
  [
    'Temporal out of reach',
    { temporalFailure: '[TEMPORAL_UNREACHABLE] it does not answer' },
    undefined,
    /^Temporal: \[TEMPORAL_UNREACHABLE\]/,
  ],
  [
    'a stuck job',
    {
      stuck: [
        { kind: 'run-lost', jobId: 'job-1', found: 'job-1 has no run', command: 'audit-snapshot retry' },
      ],
    },
    undefined,
    /^job-1 has no run; run audit-snapshot retry$/,
  ],
  ['a finding', { findings: 4 }, undefined, /^4 sealed records did not match/],
  ['an overdue record', { unsealed: { late: 9, overdue: 2, waiting: 0 } }, undefined, /^2 records in sealed/],
  [
    'overdue records that cannot be counted in time',
    { unsealed: { late: null, overdue: null, waiting: null } },
    undefined,
    /^many records in sealed/,
  ],
  ['a lag above the limit', {}, 599, /^nothing has been sealed for 10m/],
  ['a ledger without snapshots, when a lag limit is set', { lagSeconds: null }, 60, /sealed yet$/],
])('%s is the one reason for attention', (_what, change, maxLagSeconds, reason) => {
  expect(attentionReasons({ ...HEALTHY, ...change }, maxLagSeconds)).toEqual([expect.stringMatching(reason)]);
});
