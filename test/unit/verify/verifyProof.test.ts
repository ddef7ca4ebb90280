import { BSON } from 'bson';
import { chunkKey, manifestKey, snapshotCheckpointKey } from '../../../src/evidence/objectKeys';
import { proveLedgerConsistency, proveRecord } from '../../../src/verify/proveRecord';
import { verifyLedger, type Ledger } from '../../../src/verify/verifyLedger';
import { readRecord } from '../../../src/evidence/recordBytes';
import { verifyProof } from '../../../src/verify/verifyProof';
import { parseProof, serializeProof } from '../../../src/evidence/recordProof';
import { makeTrustFile, revokeKey, type TrustFile } from '../../../src/evidence/trustFile';
import { auditRecords, evidenceKey, readerOf, type EvidenceKey } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { describeFailure } from '../../harness/failures';
import { LEDGER_ORIGIN, ledgerObjects, trustIn } from '../../harness/ledger';

const RECORDS = auditRecords(8);
const OTHERS = auditRecords(3, 8);
const OTHER_ID = readRecord(OTHERS[2]!).id;
const IDS = RECORDS.map((record) => readRecord(record).id);

let set: EvidenceSet;
let ledger: Ledger;
beforeAll(async () => {
  set = await evidenceSet([RECORDS, OTHERS, []], 3);
  ledger = await ledgerOf(set);
});

async function ledgerOf({ objects, trust }: EvidenceSet): Promise<Ledger> {
  const { ledger: read } = await verifyLedger(readerOf(objects), { trust, key: 'pinned' });
  return read!;
}

const prove = (
  recordId: string,
  snapshotId = 'snap-job-1',
  objects: ReadonlyMap<string, Buffer> = set.objects,
) => proveRecord(readerOf(objects), ledger, { snapshotId, recordId });

function without(key: string): Map<string, Buffer> {
  return new Map([...set.objects].filter(([name]) => name !== key));
}

test('a proof of every record of every chunk is VERIFIED, and says where the record is', async () => {
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

test('a proof of a record in another snapshot leads to that snapshot', async () => {
  expect(verifyProof(await prove(OTHER_ID, 'snap-job-2'), set.trust)).toMatchObject({
    verdict: 'VERIFIED',
    ledgerIndex: 1,
  });
});

test('a proof with a part of another proof fails in the layer of that part', async () => {
  const file = parseProof(await prove(IDS[1]!));
  const other = parseProof(await prove(OTHER_ID, 'snap-job-2'));
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

test('a proof with a signed snapshot checkpoint that the ledger does not name is NOT VERIFIED', async () => {
  const grown = await evidenceSet([auditRecords(9)], 3);
  const other = await ledgerOf(grown);
  const foreign = parseProof(
    await proveRecord(readerOf(grown.objects), other, { snapshotId: 'snap-job-1', recordId: IDS[1]! }),
  );
  const file = parseProof(await prove(IDS[1]!));
  const report = verifyProof(serializeProof({ ...file, recordProof: foreign.recordProof }), set.trust);
  expect(report.failures[0]!.found).toContain('not the one that the ledger entry names');
});

test('a proof with sealing members in its record is NOT VERIFIED', async () => {
  const file = parseProof(await prove(IDS[1]!));
  // { immutable: true }
  const sealed = Buffer.concat([Buffer.of(17, 0, 0, 0, 8), Buffer.from('immutable\0'), Buffer.of(1, 0)]);
  const report = verifyProof(serializeProof({ ...file, record: sealed.toString('base64') }), set.trust);
  expect(report.failures[0]!.found).toContain('sealing members');
});

test('a proof by a key that the trust file does not have is INCOMPLETE, and one of another origin NOT VERIFIED', async () => {
  const proof = await prove(IDS[1]!);
  const unknown = verifyProof(proof, trustIn(evidenceKey(2)));
  expect(unknown.verdict).toBe('INCOMPLETE');
  expect(unknown.failures.map(({ kind, expected }) => [kind, expected])).toEqual([
    ['missing', expect.stringContaining('export the trust file again')],
    ['missing', expect.stringContaining('export the trust file again')],
  ]);
  expect(verifyProof(proof, { ...set.trust, origin: 'other.example' }).verdict).toBe('NOT VERIFIED');
  expect(verifyProof(proof, trustIn(evidenceKey(2), evidenceKey(1))).verdict).toBe('VERIFIED');
});

test('a false signature that names a trusted key is NOT VERIFIED', async () => {
  const file = parseProof(await prove(IDS[1]!));
  const ledgerProof = file.ledgerProof.replace(/(.{8})\n$/, 'AAAAAA==\n');
  expect(ledgerProof).not.toBe(file.ledgerProof);
  expect(verifyProof(serializeProof({ ...file, ledgerProof }), set.trust).verdict).toBe('NOT VERIFIED');
});

test('no proof is made when the record, its snapshot or one of its objects is missing', async () => {
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

test('a consistency proof of a ledger is made from its own leaves', () => {
  expect(proveLedgerConsistency(ledger, 2, 3)).toEqual([ledger.leaves[2]]);
  expect(proveLedgerConsistency(ledger, 3, 3)).toEqual([]);
});

const failures = (bytes: Buffer) => verifyProof(bytes, set.trust).failures.map(describeFailure);

test('the failure of a proof names the layer that does not hold', async () => {
  const good = parseProof(await prove(IDS[2]!));
  const other = parseProof(await prove(OTHER_ID, 'snap-job-2'));
  const marked = Buffer.from(
    BSON.serialize({ ...BSON.deserialize(Buffer.from(good.record, 'base64')), immutable: true }),
  ).toString('base64');
  expect(failures(serializeProof(good))).toEqual([]);
  expect(failures(Buffer.from('x'))).toMatchInlineSnapshot(`
   [
     "record, invalid: record: expected a proof file, found not JSON in UTF-8",
   ]
  `);
  expect(failures(serializeProof({ ...good, record: marked }))).toMatchInlineSnapshot(`
   [
     "record, invalid: record: expected record bytes, found record bytes hold sealing members",
   ]
  `);
  expect(failures(serializeProof({ ...good, entry: 'AAAA' }))).toMatchInlineSnapshot(`
   [
     "ledger entry, invalid: ledger entry: expected a ledger entry, found not JSON in UTF-8",
   ]
  `);
  expect(failures(serializeProof({ ...good, record: other.record }))).toMatchInlineSnapshot(`
   [
     "record proof, invalid: record proof: expected inclusion in snap-job-1, found the proof does not lead from leaf 2 to the signed root",
   ]
  `);
  expect(failures(serializeProof({ ...good, recordProof: other.recordProof }))).toMatchInlineSnapshot(`
   [
     "record proof, invalid: record proof: expected inclusion in snap-job-1, found its checkpoint is not signed for audit.example.org/snapshots/snap-job-1 by a key of the trust file",
   ]
  `);
  expect(failures(serializeProof({ ...good, ledgerProof: other.ledgerProof }))).toMatchInlineSnapshot(`
   [
     "ledger proof, invalid: ledger proof: expected inclusion in the ledger of audit.example.org, found the proof does not lead from leaf 1 to the signed root",
   ]
  `);
  const resized = { ...JSON.parse(Buffer.from(good.entry, 'base64').toString()), recordCount: 9 } as object;
  const entry = Buffer.from(JSON.stringify(resized)).toString('base64');
  expect(failures(serializeProof({ ...good, entry }))).toMatchInlineSnapshot(`
   [
     "record proof, invalid: record proof: expected inclusion in snap-job-1, found the snapshot checkpoint is not the one that the ledger entry names",
     "ledger proof, invalid: ledger proof: expected inclusion in the ledger of audit.example.org, found the proof does not lead from leaf 0 to the signed root",
   ]
  `);
});

/** A proof of record 1 of `snap-job-1`, or of a record of `snap-job-2`, from a ledger whose checkpoint another key may sign. */
async function proveWith(
  keys: { snapshot: EvidenceKey; ledger: EvidenceKey },
  isSecond = false,
): Promise<Buffer> {
  const own = await evidenceSet([RECORDS, OTHERS], 3, keys.snapshot);
  const objects = new Map([...own.objects, ...ledgerObjects(own.entries, keys.ledger)]);
  const read = await ledgerOf({
    ...own,
    objects,
    trust: trustIn(keys.snapshot, evidenceKey(7), keys.ledger),
  });
  const [snapshotId, recordId] = isSecond ? ['snap-job-2', OTHER_ID] : ['snap-job-1', IDS[1]!];
  return proveRecord(readerOf(objects), read, { snapshotId, recordId });
}

const OLD = evidenceKey(1);
const NEW = evidenceKey(2);
/** Two key versions; the second one was made at `rotated`. */
const rotation = (rotated: string) =>
  makeTrustFile(LEDGER_ORIGIN, [
    { version: 1, publicKey: OLD.publicKey, createdAt: new Date('2026-01-01T00:00:00.000Z') },
    { version: 2, publicKey: NEW.publicKey, createdAt: new Date(rotated) },
  ]);
const judge = (proof: Buffer, trust: TrustFile) => {
  const { verdict, failures: found, notes } = verifyProof(proof, trust);
  return { verdict, found: found.map(describeFailure), notes };
};

test('a snapshot key that is revoked counts for the entries before its revocation, and for no other', async () => {
  const trust = rotation('2026-02-02T00:00:00.000Z');
  const proofs = [false, true].map((isSecond) => proveWith({ snapshot: OLD, ledger: NEW }, isSecond));
  const verdicts = (ledgerSize: number) =>
    Promise.all(proofs.map(async (proof) => judge(await proof, revokeKey(trust, 1, ledgerSize)).verdict));
  await expect(verdicts(0)).resolves.toEqual(['NOT VERIFIED', 'NOT VERIFIED']);
  await expect(verdicts(1)).resolves.toEqual(['VERIFIED', 'NOT VERIFIED']);
  await expect(verdicts(2)).resolves.toEqual(['VERIFIED', 'VERIFIED']);
  expect(judge(await proofs[1]!, revokeKey(trust, 1, 1)).found).toEqual([
    'record proof, invalid: checkpoint of snap-job-2: expected a signature by a key that counts for it, found key version 1, revoked from entry 1 on, and the snapshot is entry 1',
  ]);
});

test('a ledger key that is revoked counts for checkpoints up to its size, which the proof alone cannot compare', async () => {
  const trust = rotation('2026-02-02T00:00:00.000Z');
  const proof = await proveWith({ snapshot: OLD, ledger: OLD });
  expect(judge(proof, revokeKey(trust, 1, 1))).toMatchObject({
    verdict: 'NOT VERIFIED',
    found: [
      'ledger proof, invalid: checkpoint over 2 entries: expected a signature by a key that counts for it, found key version 1, revoked for checkpoints over more than 1 entries',
    ],
  });
  const report = judge(proof, revokeKey(trust, 1, 2));
  expect(report.verdict).toBe('VERIFIED');
  expect(report.notes).toContainEqual(expect.stringContaining('whether the ledger ever had this checkpoint'));
});

test('a key that was replaced before the window ended does not count; the difference of clocks does not accuse', async () => {
  const proof = await proveWith({ snapshot: OLD, ledger: NEW });
  expect(judge(proof, rotation('2026-01-31T12:00:00.000Z'))).toMatchObject({
    verdict: 'NOT VERIFIED',
    found: [
      'record proof, invalid: checkpoint of snap-job-1: expected a signature by a key that counts for it, found key version 1, in force from 2026-01-01T00:00:00.000Z to 2026-01-31T12:00:00.000Z, before the window ended',
    ],
  });
  expect(judge(proof, rotation('2026-01-31T23:45:00.000Z')).verdict).toBe('VERIFIED');
  const byOld = await proveWith({ snapshot: OLD, ledger: OLD });
  const layers = verifyProof(byOld, rotation('2026-01-31T12:00:00.000Z')).failures.map(({ layer }) => layer);
  expect(layers).toEqual(['record proof', 'ledger proof']);
});

test('a ledger key that is older than that of the snapshot does not count', async () => {
  const proof = await proveWith({ snapshot: NEW, ledger: OLD });
  const { verdict, found } = judge(proof, rotation('2026-02-02T00:00:00.000Z'));
  expect(verdict).toBe('NOT VERIFIED');
  expect(found).toEqual([
    'ledger proof, invalid: checkpoint over 2 entries: expected a signature by a key that counts for it, found key version 1, older than key version 2, which signed the snapshot',
  ]);
});

test('a proof names what it cannot show: when the snapshot was opened', async () => {
  expect(verifyProof(await prove(IDS[1]!), set.trust).notes).toEqual([
    'not checked: whether the key of the snapshot was in force when the snapshot was opened, because a proof does not name that time; verify the snapshot',
  ]);
});
