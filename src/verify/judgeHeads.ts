import type { Trust, TrustedKey } from '../evidence/keyStanding';
import { LEDGER_CHECKPOINT_KEY } from '../evidence/objectKeys';
import type { Checkpoint } from '../tlog/note';
import { openHead } from './openHead';

/** One version under the key of the ledger checkpoint, or a delete marker. */
export interface HeadVersion {
  /** Undefined in a directory, which has no versions. */
  readonly versionId: string | undefined;
  readonly isLatest: boolean;
  /** The signed note; undefined for a delete marker. */
  readonly note: Buffer | undefined;
}

/** A ledger checkpoint that a trusted key signed. */
export interface SignedHead extends Checkpoint {
  readonly versionId: string | undefined;
  readonly note: Buffer;
  readonly key: TrustedKey;
}

/** Something that is wrong with a ledger (`invalid`), or that cannot be judged (`missing`). */
export interface LedgerProblem {
  readonly kind: 'invalid' | 'missing';
  readonly object: string;
  readonly expected: string;
  readonly found: string;
}

/** What all versions of a ledger checkpoint say together. */
export interface HeadHistory {
  /** The head of the largest size; undefined when no version is signed by a trusted key. */
  readonly largest: SignedHead | undefined;
  /** Every signed head, in the order of the versions. The largest one must continue each of them. */
  readonly signed: readonly SignedHead[];
  readonly problems: readonly LedgerProblem[];
  /** What is named, and accuses nobody. */
  readonly notes: readonly string[];
}

/**
 * Judges all versions of the ledger checkpoint, newest first. Object Lock keeps versions, but not the name of an object: a
 * client with write access can put an old checkpoint on top. So the largest signed head is the ledger, and the newest
 * version must be it; everything else was rolled back. Whether the heads are consistent is judged by {@link judgeRoots}.
 */
export function judgeHeads(versions: readonly HeadVersion[], trust: Trust): HeadHistory {
  const signed: SignedHead[] = [];
  const problems: LedgerProblem[] = [];
  const notes: string[] = [];
  for (const { versionId, isLatest, note } of versions) {
    const object = versionOf(LEDGER_CHECKPOINT_KEY, versionId);
    const opened = note ? openHead(note, trust) : HIDDEN;
    if (opened.kind === 'signed') signed.push({ ...opened.head, versionId, note: note!, key: opened.key });
    else if (!isLatest) notes.push(`${object} does not count: ${opened.found}`);
    else if (opened.kind === 'invalid') problems.push({ ...opened, kind: 'invalid', object });
    else problems.push({ ...opened, kind: 'missing', object });
  }
  const largest = largestOf(signed);
  const rolledBack = largest && judgeNewest(versions, signed, largest);
  if (rolledBack) problems.push(rolledBack);
  return { largest, signed, problems, notes: [...notes, ...replacedSince(signed)] };
}

const HIDDEN = {
  kind: 'invalid',
  expected: 'a signed checkpoint',
  found: 'a delete marker, which hides the checkpoint',
} as const;

/** Of several heads of the largest size, the oldest: it was there first. */
function largestOf(signed: readonly SignedHead[]): SignedHead | undefined {
  return signed.reduce<SignedHead | undefined>(
    (largest, head) => (largest && largest.size > head.size ? largest : head),
    undefined,
  );
}

function judgeNewest(
  versions: readonly HeadVersion[],
  signed: readonly SignedHead[],
  largest: SignedHead,
): LedgerProblem | undefined {
  const newest = versions.find(({ isLatest }) => isLatest);
  const head = signed.find(({ versionId }) => versionId === newest?.versionId);
  if (!head || head.size === largest.size) return undefined;
  return {
    kind: 'invalid',
    object: versionOf(LEDGER_CHECKPOINT_KEY, head.versionId),
    expected: `the largest signed head, of ${largest.size} entries [version=${largest.versionId}]`,
    found: `rolled back: an older checkpoint over ${head.size} entries is the newest version`,
  };
}

/** An old checkpoint that was put on top once, and that the next publication replaced, does no more harm. */
function replacedSince(signed: readonly SignedHead[]): string[] {
  let least = Infinity;
  return signed.flatMap((head, index) => {
    const isOutOfOrder = index > 0 && head.size > least;
    least = Math.min(least, head.size);
    return isOutOfOrder
      ? [`${versionOf(LEDGER_CHECKPOINT_KEY, head.versionId)}: a later version had fewer entries`]
      : [];
  });
}

/**
 * Every signed head is a prefix of the tree; `rootAt` computes the root of the first entries of the tree. Two heads that no
 * tree contains are two histories.
 */
export function judgeRoots(
  heads: readonly SignedHead[],
  size: number,
  rootAt: (size: number) => Buffer,
): readonly LedgerProblem[] {
  return heads.flatMap((head) => {
    if (head.size > size) return [];
    const [expected, found] = [rootAt(head.size), head.root].map((root) => describeHead(head.size, root));
    if (expected === found) return [];
    const object = versionOf(LEDGER_CHECKPOINT_KEY, head.versionId);
    return [{ kind: 'invalid' as const, object, expected: expected!, found: `another history: ${found}` }];
  });
}

/** A tree head, for reports. */
export function describeHead(size: number, root: Buffer): string {
  return `size ${size}, root ${root.toString('base64')}`;
}

/** An object at a version, for reports. */
export function versionOf(key: string, versionId: string | undefined): string {
  return versionId === undefined ? key : `${key} [version=${versionId}]`;
}
