import { chunkKey, manifestKey, snapshotCheckpointKey } from '../../../src/evidence/objectKeys';
import { proveLedgerConsistency, proveRecord } from '../../../src/verify/proveRecord';
import { verifyLedger, type Ledger } from '../../../src/verify/verifyLedger';
import { readRecord } from '../../../src/evidence/recordBytes';
import { verifyProof } from '../../../src/verify/verifyProof';
import { parseProof, serializeProof } from '../../../src/evidence/recordProof';
import { auditRecords, evidenceKey, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { trustIn } from '../../harness/ledger';

const RECORDS = auditRecords(8);
const IDS = RECORDS.map((record) => readRecord(record).id);

let set: EvidenceSet;
let ledger: Ledger;
beforeAll(async () => {
  set = await evidenceSet([RECORDS, auditRecords(3), []], 3);
  ({ ledger } = (await verifyLedger(readerOf(set.objects), { trust: set.trust, key: 'pinned' })) as {
    ledger: Ledger;
  });
});

const prove = (
  recordId: string,
  snapshotId = 'snap-job-1',
  objects: ReadonlyMap<string, Buffer> = set.objects,
) => proveRecord(readerOf(objects), ledger, { snapshotId, recordId });

function without(key: string): Map<string, Buffer> {
  return new Map([...set.objects].filter(([name]) => name !== key));
}

describe('the proof of a record', () => {
  test('verifies for every record of every chunk, and says where it is', async () => {
    for (const [index, recordId] of IDS.entries()) {
      const report = verifyProof(await prove(recordId), set.trust);
      expect(report).toMatchObject({
        verdict: 'VERIFIED',
        key: 'pinned',
        recordId,
        recordIndex: index,
        ledgerIndex: 0,
        snapshotId: 'snap-job-1',
        window: { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' },
        failures: [],
      });
    }
  });

  test('of the same record in another snapshot leads to that one', async () => {
    expect(verifyProof(await prove(IDS[2]!, 'snap-job-2'), set.trust)).toMatchObject({
      verdict: 'VERIFIED',
      ledgerIndex: 1,
    });
  });

  test('says which part does not hold', async () => {
    const file = parseProof(await prove(IDS[1]!));
    const other = parseProof(await prove(IDS[2]!, 'snap-job-2'));
    const failed = (change: Partial<typeof file>) =>
      verifyProof(serializeProof({ ...file, ...change }), set.trust).failures.map(({ layer }) => layer);
    expect(failed({ record: other.record })).toEqual(['record proof']);
    expect(failed({ recordProof: other.recordProof })).toEqual(['record proof']);
    expect(failed({ ledgerProof: other.ledgerProof })).toEqual(['ledger proof']);
    expect(failed({ entry: other.entry })).toEqual(['record proof', 'ledger proof']);
    expect(failed({ record: 'x' })).toEqual(['record']);
    expect(failed({ entry: 'x' })).toEqual(['ledger entry']);
    expect(verifyProof(Buffer.from('{}'), set.trust)).toMatchObject({
      verdict: 'NOT VERIFIED',
      recordId: null,
      snapshotId: null,
      recordIndex: null,
      ledgerIndex: null,
      window: null,
      failures: [{ layer: 'record', expected: 'a proof file' }],
    });
    expect(verifyProof(serializeProof({ ...file, ledgerProof: '' }), set.trust)).toMatchObject({
      ledgerIndex: null,
      recordIndex: 1,
    });
    expect(verifyProof(serializeProof({ ...file, recordProof: '' }), set.trust)).toMatchObject({
      ledgerIndex: 0,
      recordIndex: null,
    });
  });

  test('whose snapshot checkpoint is signed, but not the one that the ledger names, does not hold', async () => {
    const grown = await evidenceSet([auditRecords(9)], 3);
    const { ledger: other } = await verifyLedger(readerOf(grown.objects), {
      trust: grown.trust,
      key: 'pinned',
    });
    const foreign = parseProof(
      await proveRecord(readerOf(grown.objects), other!, { snapshotId: 'snap-job-1', recordId: IDS[1]! }),
    );
    const file = parseProof(await prove(IDS[1]!));
    const report = verifyProof(serializeProof({ ...file, recordProof: foreign.recordProof }), set.trust);
    expect(report.failures[0]!.found).toContain('not the one that the ledger entry names');
  });

  test('with sealing members in its record is refused', async () => {
    const file = parseProof(await prove(IDS[1]!));
    // { immutable: true }
    const sealed = Buffer.concat([Buffer.of(17, 0, 0, 0, 8), Buffer.from('immutable\0'), Buffer.of(1, 0)]);
    const report = verifyProof(serializeProof({ ...file, record: sealed.toString('base64') }), set.trust);
    expect(report.failures[0]!.found).toContain('sealing members');
  });

  test('under a key, or an origin, that is not pinned does not hold', async () => {
    const proof = await prove(IDS[1]!);
    expect(verifyProof(proof, trustIn(evidenceKey(2))).verdict).toBe('NOT VERIFIED');
    expect(verifyProof(proof, { ...set.trust, origin: 'other.example' }).verdict).toBe('NOT VERIFIED');
    expect(verifyProof(proof, trustIn(evidenceKey(2), evidenceKey(1))).verdict).toBe('VERIFIED');
  });

  test('is not made of what is not there', async () => {
    const refused = { code: 'EVIDENCE_INCOMPLETE' };
    await expect(prove('0'.repeat(24))).resolves.toBeDefined();
    await expect(prove('f'.repeat(24))).rejects.toMatchObject({
      ...refused,
      message: `snap-job-1 holds no record ${'f'.repeat(24)}`,
    });
    await expect(prove(IDS[1]!, 'snap-job-9')).rejects.toMatchObject({
      ...refused,
      message: 'the ledger does not name snap-job-9',
    });
    for (const key of [manifestKey('snap-job-1'), snapshotCheckpointKey('snap-job-1')])
      await expect(prove(IDS[1]!, 'snap-job-1', without(key))).rejects.toMatchObject(refused);
    await expect(prove(IDS[5]!, 'snap-job-1', without(chunkKey('snap-job-1', 0)))).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('chunks/000000.bson.gz'),
    });
  });
});

test('consistency proofs of a ledger come from its own leaves', () => {
  expect(proveLedgerConsistency(ledger, 2, 3)).toEqual([ledger.leaves[2]]);
  expect(proveLedgerConsistency(ledger, 3, 3)).toEqual([]);
});
