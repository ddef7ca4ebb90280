import { decodeBase64 } from './base64';
import { verifyEd25519 } from './ed25519';
import { malformed } from './malformed';
import { sha256 } from './sha256';

/** Signature type of Ed25519 in C2SP signed notes. */
const ED25519 = 0x01;
const KEY_NAME = /^[^\s+\p{Cc}]+$/u;
const MAX_NOTE_BYTES = 1 << 20;

/** One signature line: `— <name> <base64(key id ‖ signature)>` (c2sp.org/signed-note). */
export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

interface Note {
  /** Ends with a newline; this is what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** First 4 bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`. */
export function keyId(name: string, publicKey: Uint8Array): Buffer {
  return sha256(Buffer.from(`${name}\n`), Buffer.of(ED25519), publicKey).subarray(0, 4);
}

/** Verifier key: `<name>+<hex key id>+<base64(0x01 ‖ public key)>`. */
export function vkeyOf(name: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64');
  return `${name}+${keyId(name, publicKey).toString('hex')}+${key}`;
}

/** Reads a verifier key; its key id must be that of its name and key. EVIDENCE_MALFORMED. */
export function parseVkey(vkey: string): { name: string; publicKey: Buffer } {
  const [name = '', id = '', ...rest] = vkey.split('+');
  const key = decodeBase64(rest.join('+'), 33);
  const publicKey = key.subarray(1);
  if (!KEY_NAME.test(name) || key[0] !== ED25519) throw malformed('not an Ed25519 verifier key');
  if (id !== keyId(name, publicKey).toString('hex'))
    throw malformed('key id of the verifier key does not fit');
  return { name, publicKey };
}

/** The signed note over `text`, which ends with a newline. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): Buffer {
  if (!text.endsWith('\n')) throw malformed('note text does not end with a newline');
  const lines = signatures.map(({ name, keyId: id, signature }) => {
    if (!KEY_NAME.test(name)) throw malformed('key name has white space or a plus sign');
    return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
  });
  return Buffer.from(`${text}\n${lines.join('')}`);
}

/** Reads a signed note strictly; the text ends at the last blank line. EVIDENCE_MALFORMED. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed('note is larger than 1 MiB');
  let whole: string;
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw malformed('note is not UTF-8', cause);
  }
  // oxlint-disable-next-line no-control-regex -- control characters other than the newline are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(whole)) throw malformed('note has a control character');
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || !whole.endsWith('\n'))
    throw malformed('note has no blank line in front of its signatures');
  const lines = whole
    .slice(blank + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0 || lines.length > 100) throw malformed('note has no signatures, or too many');
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const parts = /^— (\S+) (\S+)$/u.exec(line);
  const [, name = '', text = ''] = parts ?? [];
  if (!KEY_NAME.test(name)) throw malformed('note has a signature line that is none');
  const both = decodeBase64(text);
  if (both.length < 5) throw malformed('note signature is too short');
  return { name, keyId: both.subarray(0, 4), signature: both.subarray(4) };
}

/** The text of a note that the key has signed. EVIDENCE_MALFORMED when it is none, undefined when it is not by that key. */
export function verifyNote(bytes: Uint8Array, name: string, publicKey: Uint8Array): string | undefined {
  const { text, signatures } = parseNote(bytes);
  const id = keyId(name, publicKey);
  const ours = signatures.filter((line) => line.name === name && line.keyId.equals(id));
  const good = ours.length === 1 && verifyEd25519(publicKey, Buffer.from(text), ours[0]!.signature);
  return good ? text : undefined;
}
