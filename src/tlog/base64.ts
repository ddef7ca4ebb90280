import { malformed } from '../errors';

/** Decodes canonical base64 with padding, of exactly `bytes` bytes when that is given. EVIDENCE_MALFORMED otherwise. */
export function decodeBase64(text: string, bytes?: number): Buffer {
  const decoded = Buffer.from(text, 'base64');
  if (decoded.toString('base64') !== text) throw malformed('not canonical base64');
  if (bytes !== undefined && decoded.length !== bytes)
    throw malformed(`base64 of ${decoded.length} bytes, not ${bytes}`);
  return decoded;
}
