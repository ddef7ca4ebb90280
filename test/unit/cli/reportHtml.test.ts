import { createHash } from 'node:crypto';
import { questionsOfPage, renderReport, type ReportFacts } from '../../../src/cli/reportHtml';
import { reportKeysOf } from '../../../src/cli/reportKeys';
import type { Window } from '../../../src/contract/window';
import { coverageOf } from '../../../src/verify/coverage';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { auditRecord, auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet } from '../../harness/evidenceSet';

const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const TWO_DAYS = { from: DAY.from, to: '2026-02-01T23:59:59.999Z' };
const TWENTY_DAYS = { from: DAY.from, to: '2026-02-19T23:59:59.999Z' };

async function factsOf({
  within = DAY,
  records = [auditRecords(7), auditRecords(3, 7)],
  change = () => undefined,
}: {
  readonly within?: Window;
  readonly records?: readonly (readonly Buffer[])[];
  readonly change?: (objects: Map<string, Buffer>) => unknown;
} = {}): Promise<ReportFacts> {
  const set = await evidenceSet(records, 3);
  const objects = new Map(set.objects);
  change(objects);
  const options = { trust: set.trust, found: set.snapshotIds };
  const { report, ledger } = await verifyEvidence(readerOf(objects), options);
  const entries = ledger?.entries ?? [];
  return {
    report,
    spans: coverageOf(entries, within),
    windows: new Map(entries.map(({ snapshotId, window }) => [snapshotId, window])),
    keys: reportKeysOf(set.trust),
    drift: null,
    generatedAt: '2026-03-01T00:00:00.000Z',
    checkedBy: 'audit-snapshot/test',
  };
}

test('an HTML report shows the verdict, what was checked, every snapshot, and what was not asked', async () => {
  const page = renderReport(await factsOf());
  expect(page).toContain('<title>Audit log evidence: VERIFIED</title>');
  expect(page).toContain('<td>Records in them</td><td class="n">10</td>');
  expect(page).toContain('<td>log digest</td><td class="n">2</td><td class="n">2</td>');
  expect(page).toContain('<code>snap-job-2</code>');
  expect(page).toContain('Not asked: Live log.');
  expect(page).toContain('<b class="not">not asked</b>');
  expect(page).toContain('aria-label="Coverage of the audit log: 1 sealed, 0 empty, 0 missing"');
});

test.each([
  ['half', TWO_DAYS, 50],
  ['95%', TWENTY_DAYS, 5],
])(
  'a page of whose bar %s is red is INCOMPLETE, whether or not the log time was asked for',
  async (_, within, percent) => {
    const facts = await factsOf({ within });
    expect(facts.report).toMatchObject({ verdict: 'VERIFIED', questions: { coverage: 'not asked' } });
    expect(questionsOfPage(facts)).toEqual({
      evidence: 'VERIFIED',
      coverage: 'INCOMPLETE',
      live: 'not asked',
    });
    const page = renderReport(facts);
    expect(page).toContain('<title>Audit log evidence: INCOMPLETE</title>');
    expect(page).toContain('<div class="verdict INCOMPLETE"><strong>INCOMPLETE</strong>');
    expect(page).not.toContain('<strong>VERIFIED</strong>');
    expect(page).toContain(`<td>Log time that is sealed</td><td>${percent}%</td>`);
    expect(page).toContain(`<code>2026-02-01T00:00:00.000Z</code></td><td><code>${within.to}</code>`);
  },
);

test('a page without any sealed log time is INCOMPLETE', async () => {
  const facts = { ...(await factsOf()), spans: [] };
  expect(questionsOfPage(facts)).toMatchObject({ coverage: 'INCOMPLETE' });
});

test('findings that sealed records acknowledge are counted apart, for each snapshot and for all of them', async () => {
  const odd = [
    auditRecord(0),
    auditRecord(1, { hash: 'f'.repeat(64) }),
    auditRecord(2, { hash: 'f'.repeat(64) }),
  ];
  const facts = await factsOf({ records: [odd] });
  const [snapshot] = facts.report.snapshots;
  const snapshots = [{ ...snapshot!, acknowledgedCount: 1 }];
  const page = renderReport({ ...facts, report: { ...facts.report, snapshots } });
  expect(page.split('2, 1 acknowledged')).toHaveLength(4);
  expect(renderReport(facts)).not.toContain('1 acknowledged');
});

test('records that did not match their own hash are counted for each snapshot, and nothing says "None" beside them', async () => {
  const odd = [
    auditRecord(0),
    auditRecord(1, { hash: 'f'.repeat(64) }),
    auditRecord(2, { hash: 'e'.repeat(64) }),
  ];
  const page = renderReport(await factsOf({ records: [odd, auditRecords(3)] }));
  expect(page).toContain('when they were sealed</td><td class="n">2</td>');
  expect(page).toContain('<td><code>snap-job-1</code></td><td class="n">2</td>');
  expect(page).not.toContain('None in the snapshots');
  expect(renderReport(await factsOf())).toContain('None in the snapshots that were checked.');
});

test('findings of a snapshot whose manifest is not verified are unknown, not none', async () => {
  const forged = Buffer.from(`${'A'.repeat(86)}==`);
  const page = renderReport(
    await factsOf({ change: (objects) => objects.set('snapshots/snap-job-1/manifest.json.sig', forged) }),
  );
  expect(page).toContain('0, and unknown for 1 snapshots whose manifest is not verified');
  expect(page).toContain('<td><code>snap-job-1</code></td><td>unknown</td>');
  expect(page).not.toContain('None in the snapshots');
});

test('the page shows the fingerprint of each pinned key, key versions and the end of retention', async () => {
  const facts = await factsOf();
  const [key] = facts.keys;
  const set = await evidenceSet([auditRecords(1)], 3);
  const der = Buffer.from(set.trust.keys[0]!.pem.replaceAll(/-----.*?-----|\s/g, ''), 'base64');
  expect(key!.fingerprint).toBe(createHash('sha256').update(der).digest('hex'));
  const page = renderReport(facts);
  expect(page).toContain(`<td class="n">1</td><td><code>${key!.fingerprint}</code></td>`);
  expect(page).toContain('<td>Evidence is kept until</td><td><code>2033-02-01T00:00:00.000Z</code></td>');
  expect(page).toContain('<code>2033-02-01</code>');
});

test('the difference between live log and evidence is on the page, and decides the headline', async () => {
  const facts = await factsOf();
  const difference = {
    kind: 'deleted',
    snapshotId: 'snap-job-1',
    recordId: 'a'.repeat(24),
    chunk: 0,
    index: 1,
  } as const;
  const counts = { deleted: 1 } as unknown as NonNullable<ReportFacts['drift']>['counts'];
  const innocent = { late: 0, marking: 0, unmarkable: 0, removed: 0, notes: [] };
  const drift = { ...innocent, snapshots: 2, records: 10, counts, drifts: [difference], driftCount: 1 };
  const questions = { ...facts.report.questions, live: 'NOT VERIFIED' } as const;
  const page = renderReport({ ...facts, drift, report: { ...facts.report, questions } });
  expect(page).toContain('<title>Audit log evidence: NOT VERIFIED</title>');
  expect(page).toContain('All three questions were asked.');
  expect(page).toContain(`<td>deleted</td><td><code>${'a'.repeat(24)}</code></td>`);
});

test('an HTML report names the object of every failure', async () => {
  const page = renderReport(
    await factsOf({ change: (objects) => objects.delete('snapshots/snap-job-2/manifest.json') }),
  );
  expect(page).toContain('<strong>INCOMPLETE</strong>');
  expect(page).toContain('<code>snapshots/snap-job-2/manifest.json</code>');
});

test('an HTML report makes no request, runs no script, and shows hostile text as text', async () => {
  const facts = await factsOf();
  const hostile = '<script>alert(1)</script>"\'&\u202e';
  const failure = {
    layer: 'manifest',
    kind: 'invalid',
    object: hostile,
    expected: hostile,
    found: hostile,
  } as const;
  const ledger = { ...facts.report.ledger, origin: hostile, failures: [failure], failureCount: 1 };
  const page = renderReport({ ...facts, report: { ...facts.report, ledger, notes: [hostile] } });
  expect(page).not.toMatch(/<script|<link|<img|<iframe|src=|href=|@import|url\(/i);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;�');
  expect(page).toContain("default-src 'none'");
});
