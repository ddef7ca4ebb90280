import { signDraft, type SignedEvidence } from '../../campaign/lies/draft';
import type { Lie } from '../../campaign/lies/lie';
import { recordLies } from '../../campaign/lies/recordLies';
import { allLies, digestOf, evidenceWith, firstFailure, reportOn } from '../../campaign/lies/tellLies';
import { trueLedger } from '../../campaign/lies/trueLedger';
import { runCheckProgram } from '../../harness/checkProgram';
import { recordByRecord } from '../../harness/recordByRecord';
import { memoizePureFunctions, restorePureFunctions } from '../../simulation/memoizedFunctions';

/** One in so many lies is also given to docs/check.py, which takes longer. */
const PROGRAM_SHARE = 48;

// The lies have most chunks and signatures in common.
beforeAll(memoizePureFunctions);
afterAll(restorePureFunctions);

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

test('the report on a signed lie about records is the same when each record is read alone', async () => {
  for (const { name } of recordLies()) {
    const evidence = await evidenceOf(lies.find((lie) => lie.name === name)!);
    expect(await reportOn(evidence, { scanner: recordByRecord() })).toEqual(await reportOn(evidence));
  }
});

test('at least 200 lies lead to different evidence', async () => {
  const digests = new Set<string>();
  for (const lie of lies) digests.add(digestOf(await evidenceOf(lie)));
  expect(digests.size).toBeGreaterThan(200);
});

test('docs/check.py believes the true ledger, and none of a share of the lies', async () => {
  const share = lies.filter((_, index) => index % PROGRAM_SHARE === 0);
  const evidence = await Promise.all([signDraft(trueLedger()), ...share.map(evidenceOf)]);
  const [truth, ...answers] = runCheckProgram(evidence);
  expect(truth).toMatch(/^VERIFIED/);
  expect(answers).toHaveLength(share.length);
  const believed = share.filter((_, index) => answers[index]!.startsWith('VERIFIED'));
  expect(believed.map(({ name }) => name)).toEqual([]);
});
