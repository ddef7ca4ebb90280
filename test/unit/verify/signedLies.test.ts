import { signDraft, type SignedEvidence } from '../../campaign/lies/draft';
import type { Lie } from '../../campaign/lies/lie';
import { allLies, digestOf, evidenceWith, firstFailure, reportOn } from '../../campaign/lies/tellLies';
import { trueLedger } from '../../campaign/lies/trueLedger';
import { runCheckProgram } from '../../harness/checkProgram';

/** One in so many lies is also given to docs/check.py, which takes longer. */
const PROGRAM_SHARE = 48;

const lies = allLies();
const kinds = [...new Set(lies.map(({ kind }) => kind))];
const built = new Map<Lie, SignedEvidence>();

async function evidenceOf(lie: Lie): Promise<SignedEvidence> {
  const evidence = built.get(lie) ?? (await evidenceWith(lie));
  built.set(lie, evidence);
  return evidence;
}

test('the ledger that the lies are told about is VERIFIED', async () => {
  const report = await reportOn(await signDraft(trueLedger()));
  expect([report.verdict, firstFailure(report)]).toEqual(['VERIFIED', undefined]);
});

test.each(kinds)('no signed lie of the kind "%s" is VERIFIED, and each is named', async (kind) => {
  const missed: string[] = [];
  for (const lie of lies.filter((candidate) => candidate.kind === kind)) {
    const report = await reportOn(await evidenceOf(lie));
    if (report.verdict === 'VERIFIED' || firstFailure(report) === undefined) missed.push(lie.name);
  }
  expect(missed).toEqual([]);
});

test('at least 200 lies lead to different evidence', async () => {
  const digests = new Set<string>();
  for (const lie of lies) digests.add(digestOf(await evidenceOf(lie)));
  expect(digests.size).toBeGreaterThan(200);
});

test('docs/check.py believes the true ledger, and none of a share of the lies', async () => {
  const { objects, trust } = await signDraft(trueLedger());
  expect(runCheckProgram(objects, trust)).toMatch(/^VERIFIED/);
  const believed: string[] = [];
  for (const lie of lies.filter((_, index) => index % PROGRAM_SHARE === 0)) {
    const evidence = await evidenceOf(lie);
    if (runCheckProgram(evidence.objects, evidence.trust).startsWith('VERIFIED')) believed.push(lie.name);
  }
  expect(believed).toEqual([]);
});
