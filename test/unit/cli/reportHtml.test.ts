import { renderReport, type ReportFacts } from '../../../src/cli/reportHtml';
import { coverageOf } from '../../../src/verify/coverage';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet } from '../../harness/evidenceSet';

const WITHIN = { from: '2026-01-31T00:00:00.000Z', to: '2026-02-01T23:59:59.999Z' };

async function factsOf(
  change: (objects: Map<string, Buffer>) => void = () => undefined,
): Promise<ReportFacts> {
  const set = await evidenceSet([auditRecords(7), auditRecords(3)], 3);
  const objects = new Map(set.objects);
  change(objects);
  const options = { trust: set.trust, found: set.snapshotIds };
  const { report, ledger } = await verifyEvidence(readerOf(objects), options);
  const entries = ledger?.entries ?? [];
  return {
    report,
    spans: coverageOf(entries, WITHIN),
    windows: new Map(entries.map(({ snapshotId, window }) => [snapshotId, window])),
    generatedAt: '2026-03-01T00:00:00.000Z',
    checkedBy: 'audit-snapshot/test',
  };
}

test('an HTML report shows the verdict, what was checked, the gaps and every snapshot', async () => {
  const page = renderReport(await factsOf());
  expect(page).toContain('<title>Audit log evidence: VERIFIED</title>');
  expect(page).toContain('<td>Records in them</td><td class="n">10</td>');
  expect(page).toContain('<td>log digest</td><td class="n">2</td><td class="n">2</td>');
  expect(page).toContain(
    '<code>2026-02-01T00:00:00.000Z</code></td><td><code>2026-02-01T23:59:59.999Z</code>',
  );
  expect(page).toContain('<code>snap-job-2</code>');
  expect(page).toContain('aria-label="Coverage of the audit log: 1 sealed, 0 empty, 1 missing"');
});

test('an HTML report names the object of every failure', async () => {
  const page = renderReport(await factsOf((objects) => objects.delete('snapshots/snap-job-2/manifest.json')));
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
  const page = renderReport({ ...facts, report: { ...facts.report, ledger } });
  expect(page).not.toMatch(/<script|<link|<img|<iframe|src=|href=|@import|url\(/i);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;�');
  expect(page).toContain("default-src 'none'");
});
