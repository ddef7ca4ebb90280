import { messageOf } from '../errors';
import { ONE_KEY, UNKNOWN_KEY, countsForSize, type Trust, type TrustedKey } from '../evidence/keyStanding';
import { MAX_LEDGER_SIZE } from '../evidence/limits';
import { decodeBase64 } from '../tlog/base64';
import { PUBLIC_KEY_BYTES, verifyEd25519 } from '../tlog/ed25519';
import { keyId, openCheckpoint, parseCheckpoint, parseNote, type Checkpoint } from '../tlog/note';

/** What a note under the key of a ledger checkpoint is. Only `signed` counts; `unknown key` accuses nobody. */
export type OpenedHead =
  | { readonly kind: 'signed'; readonly head: Checkpoint; readonly key: TrustedKey }
  | { readonly kind: 'unknown key'; readonly expected: string; readonly found: string }
  | { readonly kind: 'invalid'; readonly expected: string; readonly found: string };

/** Reads a ledger checkpoint, and finds out which trusted key signed it. */
export function openHead(note: Buffer, trust: Trust): OpenedHead {
  const expected = `a checkpoint of ${trust.origin}, signed by a key of the trust file`;
  try {
    const signed = findSigner(note, trust);
    if (!signed) return judgeUnsigned(note, trust, expected);
    const { head, key } = signed;
    if (head.size > MAX_LEDGER_SIZE)
      return { kind: 'invalid', expected, found: `a checkpoint over ${head.size} entries` };
    if (countsForSize(key, head.size)) return { kind: 'signed', head, key };
    const found = `a checkpoint over ${head.size} entries, signed by key version ${key.version}, which is revoked for more than ${key.revoked?.ledgerSize} entries`;
    return { kind: 'invalid', expected, found };
  } catch (error) {
    return { kind: 'invalid', expected, found: messageOf(error) };
  }
}

function findSigner(note: Buffer, trust: Trust): { head: Checkpoint; key: TrustedKey } | undefined {
  for (const key of trust.keys) {
    const head = openCheckpoint(note, trust.origin, [rawKeyOf(key)]);
    if (head) return { head, key };
  }
  return undefined;
}

/** Nothing is known of a key that the trust file does not have. A signature that names a known key and is not its own is false. */
function judgeUnsigned(note: Buffer, { origin, keys }: Trust, expected: string): OpenedHead {
  const { text, signatures } = parseNote(note);
  const named = parseCheckpoint(text).origin;
  if (named !== origin) return { kind: 'invalid', expected, found: `a checkpoint of ${named}` };
  const ids = unknownKeyIds(note, origin, keys);
  if (ids) {
    const isOneKey = keys.some(({ version }) => version === null);
    return {
      kind: 'unknown key',
      expected: isOneKey ? ONE_KEY : UNKNOWN_KEY,
      found: `a signature by key id ${ids.join(', ')}`,
    };
  }
  const isNamed = signatures.some(({ name }) => name === origin);
  const found = isNamed ? 'no valid signature by such a key' : 'no signature under this name';
  return { kind: 'invalid', expected, found };
}

/**
 * The key ids under which a note is signed for `name`, if none of them is that of a trusted key; undefined when there is no
 * such signature, or when one names a trusted key and is not its own. EVIDENCE_MALFORMED when it is no note.
 */
export function unknownKeyIds(
  note: Buffer,
  name: string,
  keys: readonly Pick<TrustedKey, 'publicKey'>[],
): readonly string[] | undefined {
  const { text, signatures } = parseNote(note);
  const own = signatures.filter((signature) => signature.name === name);
  const isForged = own.some(({ keyId: id, signature }) =>
    keys.some((key) => {
      const raw = rawKeyOf(key);
      return keyId(name, raw).equals(id) || verifyEd25519(raw, Buffer.from(text), signature);
    }),
  );
  return isForged || own.length === 0 ? undefined : own.map(({ keyId: id }) => id.toString('hex'));
}

function rawKeyOf({ publicKey }: Pick<TrustedKey, 'publicKey'>): Buffer {
  return decodeBase64(publicKey, PUBLIC_KEY_BYTES);
}
