import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  snapshotOrigin,
  snapshotCheckpointKey,
  LEDGER_CHECKPOINT_KEY,
  manifestKey,
  manifestSignatureKey,
} from '../../src/evidence/objectKeys';
import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import { vkeyOf } from '../../src/tlog/note';
import { proveLedgerConsistency, proveRecord } from '../../src/verify/proveRecord';
import { verifyLedger } from '../../src/verify/verifyLedger';
import { parseProof } from '../../src/evidence/recordProof';
import { parseManifest } from '../../src/evidence/manifest';
import { evidenceKey, readerOf } from '../harness/evidence';
import { askLibraries, buildGoPrograms, fsckOutput, type GoPrograms } from '../harness/goPrograms';
import { LEDGER_ORIGIN, ledgerEntry, ledgerObjects, trustIn } from '../harness/ledger';
import { sealEvidence, type SealedEvidence } from '../harness/sealedEvidence';

const KEY = evidenceKey(1);
const VKEY = vkeyOf(LEDGER_ORIGIN, KEY.publicKey);

let programs: GoPrograms;
beforeAll(async () => {
  programs = await buildGoPrograms();
}, 600_000);

/** Every library accepts each of the cases. */
async function expectAccepted(cases: readonly object[]): Promise<void> {
  const answers = await askLibraries(programs, cases);
  expect(answers.flatMap((answer) => Object.values(answer)).filter((error) => error !== '')).toEqual([]);
  expect(answers).toHaveLength(cases.length);
}

/** Every library refuses each of the cases. */
async function expectRefused(cases: readonly object[]): Promise<void> {
  const answers = await askLibraries(programs, cases);
  expect(answers.flatMap((answer) => Object.entries(answer)).filter(([, error]) => error === '')).toEqual([]);
  expect(answers).toHaveLength(cases.length);
}

describe('Go libraries (sumdb/note, sumdb/tlog, torchwood, transparency-dev/merkle) on sealed evidence', () => {
  let evidence: SealedEvidence;
  let origin: string;
  let publicKey: Buffer;
  let checkpoints: { kind: string; vkey: string; note: string }[];
  let proofs: { kind: string; vkey: string; leaf: string; proof: string }[];

  beforeAll(async () => {
    evidence = await sealEvidence(11);
    const { objects, trust, snapshotId } = evidence;
    origin = trust.origin;
    publicKey = Buffer.from(trust.keys[0]!.publicKey, 'base64');
    const snapshotVkey = vkeyOf(snapshotOrigin(origin, snapshotId), publicKey);
    const ledgerVkey = trust.keys[0]!.vkey;
    const note = (key: string) => objects.get(key)!.toString();
    checkpoints = [
      { kind: 'checkpoint', vkey: snapshotVkey, note: note(snapshotCheckpointKey(snapshotId)) },
      { kind: 'checkpoint', vkey: ledgerVkey, note: note(LEDGER_CHECKPOINT_KEY) },
    ];
    const { ledger } = await verifyLedger(readerOf(objects), { trust, key: 'pinned' });
    const { chunks } = parseManifest(objects.get(manifestKey(snapshotId))!);
    const ids = [...new Set(chunks.flatMap(({ first, last }) => [first.id, last.id]))];
    proofs = [];
    for (const recordId of ids) {
      const file = parseProof(await proveRecord(readerOf(objects), ledger!, { snapshotId, recordId }));
      proofs.push(
        { kind: 'inclusion', vkey: snapshotVkey, leaf: file.record, proof: file.recordProof },
        { kind: 'inclusion', vkey: ledgerVkey, leaf: file.entry, proof: file.ledgerProof },
      );
    }
  });

  const statement = (changes: object = {}) => ({
    kind: 'statement',
    publicKey: publicKey.toString('base64'),
    origin,
    snapshotId: evidence.snapshotId,
    manifest: evidence.objects.get(manifestKey(evidence.snapshotId))!.toString('base64'),
    signature: evidence.objects.get(manifestSignatureKey(evidence.snapshotId))!.toString(),
    ...changes,
  });

  test('Go accepts the signature over the statement about a manifest', () => expectAccepted([statement()]));

  test('Go refuses the signature for another manifest, snapshot, origin or key', () =>
    expectRefused([
      statement({ manifest: Buffer.from('{}').toString('base64') }),
      statement({ snapshotId: 'snap-job-2' }),
      statement({ origin: 'other.example' }),
      statement({ publicKey: evidenceKey(5).publicKey.toString('base64') }),
    ]));

  test('Go libraries accept the checkpoints of a snapshot and of the ledger', () =>
    expectAccepted(checkpoints));

  test('Go libraries accept the proofs of the first and last record of every chunk, and of its ledger entry', async () => {
    expect(proofs).toHaveLength(12);
    await expectAccepted(proofs);
  });

  test('Go libraries refuse a checkpoint with any letter of its text changed, or under another key', async () => {
    const other = vkeyOf(origin, evidenceKey(5).publicKey);
    const changed = checkpoints.flatMap((given) => {
      const end = given.note.lastIndexOf('\n\n');
      return Array.from({ length: end }, (_, at) => {
        const letter = given.note[at] === 'x' ? 'y' : 'x';
        return { ...given, note: given.note.slice(0, at) + letter + given.note.slice(at + 1) };
      });
    });
    await expectRefused([...changed, { ...checkpoints[1]!, vkey: other }]);
  });

  test('Go libraries refuse a proof of another record, of another index, or with a hash changed or missing', async () => {
    const forged = proofs
      .filter((_, index) => index % 2 === 0)
      .flatMap((given) => {
        const hash = given.proof.split('\n')[2]!;
        const other = `${hash.startsWith('A') ? 'B' : 'A'}${hash.slice(1)}`;
        const index = Number(/index (\d+)/.exec(given.proof)![1]);
        return [
          { ...given, leaf: Buffer.from('another record').toString('base64') },
          { ...given, proof: given.proof.replace(`index ${index}`, `index ${index + 1}`) },
          { ...given, proof: given.proof.replace(hash, other) },
          { ...given, proof: given.proof.replace(`${hash}\n`, '') },
        ];
      });
    await expectRefused(forged);
  });
});

describe('Go libraries on the growth of a ledger', () => {
  const entries = Array.from({ length: 40 }, (_, index) => ledgerEntry(index));

  async function consistencyCases() {
    const { ledger } = await verifyLedger(readerOf(ledgerObjects(entries)), {
      trust: trustIn(KEY),
      key: 'pinned',
    });
    const sizes = [1, 2, 3, 7, 8, 9, 16, 31, 33, 39, 40];
    return sizes.flatMap((earlier) =>
      sizes
        .filter((later) => later >= earlier)
        .map((later) => ({
          kind: 'consistency',
          earlier: headOf(entries.slice(0, earlier)),
          later: headOf(entries.slice(0, later)),
          path: proveLedgerConsistency(ledger!, earlier, later).map((hash) => hash.toString('base64')),
        })),
    );
  }

  test('Go libraries accept the consistency proof of every two sizes of a ledger', async () => {
    await expectAccepted(await consistencyCases());
  });

  test('Go libraries refuse a consistency proof from a ledger that was rewritten under the same key', async () => {
    const rewritten = entries.with(0, ledgerEntry(0, 'otherwise'));
    const cases = await consistencyCases();
    await expectRefused(
      cases.map((given) => ({ ...given, earlier: headOf(rewritten.slice(0, given.earlier.size)) })),
    );
  });
});

describe("Tessera's fsck", () => {
  const vkeyFile = join(mkdtempSync(join(tmpdir(), 'audit-snapshot-vkey-')), 'vkey');
  beforeAll(() => writeFileSync(vkeyFile, VKEY));

  test.each([1, 2, 255, 256, 257, 70_000])(
    "Tessera's fsck accepts a ledger of %i snapshots",
    async (size) => {
      const output = await fsckOutput(programs, writeLedger(ledgerObjects(entriesOf(size))), vkeyFile);
      expect(output).toContain("Successfully fsck'd");
    },
    120_000,
  );

  test("Tessera's fsck refuses a ledger with one entry changed", async () => {
    const objects = ledgerObjects(entriesOf(257));
    const key = 'ledger/tile/entries/000';
    const changed = Buffer.from(objects.get(key)!);
    changed[100]! ^= 1;
    const output = await fsckOutput(programs, writeLedger(objects.set(key, changed)), vkeyFile, 10);
    expect(output).toContain('checking log of size 257');
    expect(output).not.toContain("Successfully fsck'd");
  }, 120_000);
});

function headOf(entries: readonly Buffer[]) {
  return { size: entries.length, root: rootOfLeaves(entries.map(leafHash)).toString('base64') };
}

/** Writes the objects to a directory of their own; returns where the ledger is. */
function writeLedger(objects: ReadonlyMap<string, Buffer>): string {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-ledger-'));
  for (const [key, body] of objects) {
    const path = join(directory, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
  }
  return join(directory, 'ledger');
}

function* entriesOf(size: number) {
  for (let index = 0; index < size; index++) yield ledgerEntry(index);
}
