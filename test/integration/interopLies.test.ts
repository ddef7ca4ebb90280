import {
  LEDGER_CHECKPOINT_KEY,
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
  snapshotOrigin,
} from '../../src/evidence/objectKeys';
import { manifestStatement } from '../../src/evidence/statement';
import { verifyEd25519 } from '../../src/tlog/ed25519';
import { openCheckpoint, vkeyOf } from '../../src/tlog/note';
import { sha256Hex } from '../../src/tlog/sha256';
import type { SignedEvidence } from '../campaign/lies/draft';
import { allLies, evidenceWith } from '../campaign/lies/tellLies';
import { askLibraries, buildGoPrograms } from '../harness/goPrograms';

/** One question to the Go program, and whether our verifier accepts what it asks about. */
interface Question {
  readonly case: object;
  readonly isAccepted: boolean;
}

interface Claims {
  readonly key: { readonly version: number };
}

/** The signatures of evidence that a program can judge alone: of the ledger, and of each snapshot under its trusted key. */
function questionsAbout({ objects, trust }: SignedEvidence): Question[] {
  const { origin } = trust;
  const publicKeys = new Map(
    trust.keys.map(({ version, publicKey }) => [version, Buffer.from(publicKey, 'base64')]),
  );
  const ledger = [...publicKeys.values()].map((publicKey) =>
    aboutCheckpoint(origin, publicKey, objects.get(LEDGER_CHECKPOINT_KEY)!),
  );
  const ids = [...objects.keys()].flatMap(
    (key) => /^snapshots\/([^/]+)\/manifest\.json$/.exec(key)?.[1] ?? [],
  );
  const snapshots = ids.flatMap((id) => {
    const manifest = objects.get(manifestKey(id))!;
    const { key } = JSON.parse(manifest.toString()) as Claims;
    const publicKey = publicKeys.get(key.version);
    if (!publicKey) return [];
    return [
      aboutCheckpoint(snapshotOrigin(origin, id), publicKey, objects.get(snapshotCheckpointKey(id))!),
      aboutStatement(origin, id, publicKey, manifest, objects.get(manifestSignatureKey(id))!),
    ];
  });
  return [...ledger, ...snapshots];
}

function aboutCheckpoint(name: string, publicKey: Buffer, note: Buffer): Question {
  let isAccepted: boolean;
  try {
    isAccepted = openCheckpoint(note, name, [publicKey]) !== undefined;
  } catch {
    isAccepted = false;
  }
  return { case: { kind: 'checkpoint', vkey: vkeyOf(name, publicKey), note: note.toString() }, isAccepted };
}

function aboutStatement(
  origin: string,
  snapshotId: string,
  publicKey: Buffer,
  manifest: Buffer,
  signature: Buffer,
): Question {
  const statement = manifestStatement(origin, snapshotId, sha256Hex(manifest));
  return {
    case: {
      kind: 'statement',
      publicKey: publicKey.toString('base64'),
      origin,
      snapshotId,
      manifest: manifest.toString('base64'),
      signature: signature.toString(),
    },
    isAccepted: verifyEd25519(publicKey, statement, Buffer.from(signature.toString(), 'base64')),
  };
}

test('Go libraries and the verifier agree about every signature in evidence with a signed lie', async () => {
  const programs = await buildGoPrograms();
  const questions = new Map<string, Question>();
  for (const lie of allLies())
    for (const question of questionsAbout(await evidenceWith(lie)))
      questions.set(JSON.stringify(question.case), question);
  const asked = [...questions.values()];
  const answers = await askLibraries(
    programs,
    asked.map((question) => question.case),
  );
  // A library that knows no origins accepts a note whose text names another one.
  const isAccepted = answers.map((answer) => (answer['torchwood'] ?? Object.values(answer)[0]) === '');
  expect(isAccepted).toEqual(asked.map((question) => question.isAccepted));
  expect(isAccepted.filter((accepted) => !accepted).length).toBeGreaterThan(50);
}, 600_000);
