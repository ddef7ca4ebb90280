import { malformed } from '../errors';
import { decodeBase64 } from './base64';
import { PUBLIC_KEY_BYTES, verifyEd25519 } from './ed25519';
import { HASH_BYTES } from './merkle';
import { sha256 } from './sha256';

/** Signature type of Ed25519 in a signed note. */
const ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const KEY_NAME = /^[^\s+\p{Cc}]+$/u;
const MAX_NOTE_BYTES = 1 << 20;
const MAX_SIGNATURES = 100;

/** One signature line: `— <name> <base64(key id ‖ signature)>` (c2sp.org/signed-note). */
export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

/** A text with signatures below it. */
interface Note {
  /** What is signed; it ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A tree head: the root of the first `size` entries of the log `origin` (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

/** First 4 bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`. */
export function keyId(name: string, publicKey: Uint8Array): Buffer {
  return sha256(Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey).subarray(0, KEY_ID_BYTES);
}

/** The verifier key of a raw public key: `<name>+<hex key id>+<base64(0x01 ‖ public key)>`. */
export function vkeyOf(name: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64');
  return `${name}+${keyId(name, publicKey).toString('hex')}+${key}`;
}

/** Reads a verifier key, whose key id must be that of its name and key. EVIDENCE_MALFORMED. */
export function parseVkey(vkey: string): { name: string; publicKey: Buffer } {
  const [name = '', id = '', ...rest] = vkey.split('+');
  const key = decodeBase64(rest.join('+'), 1 + PUBLIC_KEY_BYTES);
  const publicKey = key.subarray(1);
  if (!KEY_NAME.test(name) || key[0] !== ED25519) throw malformed('not an Ed25519 verifier key');
  if (id !== keyId(name, publicKey).toString('hex'))
    throw malformed('the key id of the verifier key does not match its name and key');
  return { name, publicKey };
}

/** The signed note of `text`, which must end with a newline, and its signatures. EVIDENCE_MALFORMED. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): Buffer {
  if (!text.endsWith('\n')) throw malformed('note text does not end with a newline');
  const lines = signatures.map(({ name, keyId: id, signature }) => {
    if (!KEY_NAME.test(name)) throw malformed('key name has white space or a plus sign');
    return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
  });
  return Buffer.from(`${text}\n${lines.join('')}`);
}

/** Reads a signed note strictly, at most 1 MiB; its text ends at the last blank line. EVIDENCE_MALFORMED. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed('note is larger than 1 MiB');
  const decoded = decodeNote(bytes);
  const blank = decoded.lastIndexOf('\n\n');
  if (blank < 0 || !decoded.endsWith('\n')) throw malformed('note has no blank line before its signatures');

  const lines = decoded
    .slice(blank + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw malformed('note has no signatures, or too many');
  return { text: decoded.slice(0, blank + 1), signatures: lines.map(parseSignature) };
}

function decodeNote(bytes: Uint8Array): string {
  let decoded: string;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw malformed('note is not UTF-8', cause);
  }
  // oxlint-disable-next-line no-control-regex -- matches every control character except the newline
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(decoded)) throw malformed('note has a control character');
  return decoded;
}

function parseSignature(line: string): NoteSignature {
  const parts = /^— (\S+) (\S+)$/u.exec(line);
  const [, name = '', text = ''] = parts ?? [];
  if (!KEY_NAME.test(name)) throw malformed('note has an invalid signature line');
  const decoded = decodeBase64(text);
  if (decoded.length <= KEY_ID_BYTES) throw malformed('note signature is too short');
  return { name, keyId: decoded.subarray(0, KEY_ID_BYTES), signature: decoded.subarray(KEY_ID_BYTES) };
}

/** The text of a note if this key signed it under `name`, otherwise undefined. EVIDENCE_MALFORMED when it is no note. */
export function verifyNote(bytes: Uint8Array, name: string, publicKey: Uint8Array): string | undefined {
  const { text, signatures } = parseNote(bytes);
  const id = keyId(name, publicKey);
  const ours = signatures.filter((line) => line.name === name && line.keyId.equals(id));
  const verified = ours.length === 1 && verifyEd25519(publicKey, Buffer.from(text), ours[0]!.signature);
  return verified ? text : undefined;
}

/** The text of a checkpoint that is signed: three lines, no extension lines. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads the text of a checkpoint; only its canonical form is accepted. EVIDENCE_MALFORMED. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  if (rest.length !== 1 || rest[0] !== '') throw malformed('checkpoint does not have exactly three lines');
  if (origin === '') throw malformed('checkpoint has no origin');
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw malformed('tree size is not canonical decimal');
  }
  return { origin, size: Number(size), root: decodeBase64(root, HASH_BYTES) };
}

/**
 * The checkpoint of the log `name` in a note that one of `keys` signed; undefined when none of them did.
 * EVIDENCE_MALFORMED when the note is malformed, or when the signed text is the checkpoint of another log.
 */
export function openCheckpoint(
  note: Uint8Array,
  name: string,
  keys: readonly Uint8Array[],
): Checkpoint | undefined {
  for (const key of keys) {
    const text = verifyNote(note, name, key);
    if (text === undefined) continue;
    const checkpoint = parseCheckpoint(text);
    if (checkpoint.origin === name) return checkpoint;
    throw malformed(`a checkpoint of ${checkpoint.origin}, signed as one of ${name}`);
  }
  return undefined;
}
