import { decodeBase64 } from './base64';
import { malformed } from './malformed';
import { HASH_BYTES } from './merkle';

/** A signed tree head (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The text that is signed: three lines, no extensions. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Input is untrusted: only the canonical spelling is accepted. EVIDENCE_MALFORMED. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  if (rest.length !== 1 || rest[0] !== '') throw malformed('checkpoint does not have exactly three lines');
  if (origin === '') throw malformed('checkpoint has no origin');
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw malformed('tree size is not canonical decimal');
  }
  return { origin, size: Number(size), root: decodeBase64(root, HASH_BYTES) };
}
