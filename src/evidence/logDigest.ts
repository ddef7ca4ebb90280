import { createSHA256, type IHasher } from 'hash-wasm';
import { decodeBase64 } from '../tlog/base64';
import { malformed } from '../tlog/malformed';

/** A running SHA-256 over the texts of `hash` members; node:crypto cannot save its state, hash-wasm can. */
export interface LogDigest {
  update(text: Uint8Array): void;
  /** The state so far, base64 of 116 bytes; updating may go on. */
  save(): string;
  /** Lowercase hex of what was taken so far; updating may go on. */
  hex(): string;
}

export async function newDigest(): Promise<LogDigest> {
  const hasher = await createSHA256();
  hasher.init();
  return digestOver(hasher);
}

/** Goes on from a saved state; EVIDENCE_MALFORMED when it is none. */
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
      // A digest ends the hasher's run; the state is put back so that the caller may go on.
      hasher.load(state);
      return hex;
    },
  };
}
