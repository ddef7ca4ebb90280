import { attentionReasons } from '../../../src/cli/attentionReasons';
import { LEFT_OUT_KINDS, noneLeftOut } from '../../../src/evidence/leftOut';
import { AUDIT_LOG } from '../../../src/evidence/recordMembers';
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
  acknowledgedFindings: 0,
  pendingFindings: 0,
  leftOut: noneLeftOut(),
  acknowledgedLeftOut: noneLeftOut(),
  unsealed: { late: 3, overdue: 0, waiting: null, future: 0 },
  jobs: { queued: 1, running: 1, failed: [] },
};

test('records that wait, or are late within the allowance, need no attention', () => {
  expect(attentionReasons(HEALTHY, undefined, AUDIT_LOG)).toEqual([]);
  expect(attentionReasons(HEALTHY, 600, AUDIT_LOG)).toEqual([]);
});

test('findings and left-out records that sealed records acknowledge need no attention', () => {
  const leftOut = { ...noneLeftOut(), 'time-text': 2 };
  const acknowledged = { findings: 4, acknowledgedFindings: 4, leftOut, acknowledgedLeftOut: leftOut };
  const facts = { ...HEALTHY, ...acknowledged };
  expect(attentionReasons(facts, undefined, AUDIT_LOG)).toEqual([]);
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
  [
    'a finding beside acknowledged ones',
    { findings: 4, acknowledgedFindings: 3 },
    undefined,
    /^1 sealed records did not match .* in a sealed record; see: audit-snapshot findings list$/,
  ],
  [
    'a finding whose acknowledgement is not sealed yet',
    { findings: 4, acknowledgedFindings: 2, pendingFindings: 1 },
    undefined,
    /^2 sealed records .*\(1 of them acknowledged, not sealed yet\)/,
  ],
  [
    'an overdue record',
    { unsealed: { late: 9, overdue: 2, waiting: 0, future: 0 } },
    undefined,
    /^2 records in sealed/,
  ],
  [
    'overdue records that cannot be counted in time',
    { unsealed: { late: null, overdue: null, waiting: null, future: 0 } },
    undefined,
    /^many records in sealed/,
  ],
  [
    'a record that is dated in the future',
    { unsealed: { late: 0, overdue: 0, waiting: 0, future: 7 } },
    undefined,
    /^7 records are dated more than a day in the future/,
  ],
  ['a lag above the limit', {}, 599, /^nothing has been sealed for 10m/],
  ['a ledger without snapshots, when a lag limit is set', { lagSeconds: null }, 60, /sealed yet$/],
])('%s is the one reason for attention', (_what, change, maxLagSeconds, reason) => {
  expect(attentionReasons({ ...HEALTHY, ...change }, maxLagSeconds, AUDIT_LOG)).toEqual([
    expect.stringMatching(reason),
  ]);
});

test.each(LEFT_OUT_KINDS)(
  'records that are left out as %s are a reason that says how to find them and what to do',
  (kind) => {
    const source = { ...AUDIT_LOG, collection: 'events' };
    const [reason, ...others] = attentionReasons(
      { ...HEALTHY, leftOut: { ...noneLeftOut(), [kind]: 5 } },
      undefined,
      source,
    );
    expect(others).toEqual([]);
    expect(reason).toMatch(/^5 records are left out \(/);
    expect(reason).toContain(`(${kind}): `);
    expect(reason).toMatch(/Find them: db\.getCollection\("events"\)\.find\(\{.+\}\)$/);
    expect(reason).toMatch(/; (set|find out)/);
  },
);

test('a count at its limit is "at least"', () => {
  const leftOut = { ...noneLeftOut(), 'time-text': 10_000 };
  expect(attentionReasons({ ...HEALTHY, leftOut }, undefined, AUDIT_LOG)[0]).toMatch(
    /^at least 10000 records/,
  );
});
