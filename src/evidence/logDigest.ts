import { createSHA256, type IHasher } from 'hash-wasm';
import { malformed } from '../errors';
import { decodeBase64 } from '../tlog/base64';

/** A running SHA-256 over the texts of `hash` members, in record order. node:crypto cannot save its state, hash-wasm can. */
export interface LogDigest {
  update(text: Uint8Array): void;
  /** The state so far, base64 of 116 bytes; the digest can be updated further. */
  save(): string;
  /** Lowercase hex of everything so far; the digest can be updated further. */
  hex(): string;
}

/** The digest of no texts. */
export async function newDigest(): Promise<LogDigest> {
  const hasher = await createSHA256();
  hasher.init();
  return digestOver(hasher);
}

/** Continues from a saved state. EVIDENCE_MALFORMED when it is not one. */
export async function loadDigest(state: string): Promise<LogDigest> {
  const hasher = await createSHA256();
  try {
    hasher.load(decodeBase64(state));
  } catch (cause) {
    throw malformed('saved digest state cannot be loaded', cause);
  }
  return digestOver(hasher);
}

function digestOver(hasher: IHasher): LogDigest {
  const save = () => Buffer.from(hasher.save());
  return {
    update: (text) => void hasher.update(text),
    save: () => save().toString('base64'),
    hex: () => {
      const state = save();
      const hex = hasher.digest('hex');
      // digest() resets the hasher, so its state is restored for further updates.
      hasher.load(state);
      return hex;
    },
  };
}
