import canonicalize from 'canonicalize';
import { malformed } from '../errors';
import { MAX_JSON_DEPTH } from './limits';

/**
 * Canonical JSON (RFC 8785, JCS) of well-formed strings, booleans, safe integers, null, arrays and plain objects, nested
 * at most 16 deep. EVIDENCE_MALFORMED for any other value.
 */
export function canonicalJson(value: unknown): Buffer {
  checkValue(value, 0);
  return Buffer.from(canonicalize(value) ?? '', 'utf8');
}

function checkValue(value: unknown, depth: number): void {
  if (depth > MAX_JSON_DEPTH) throw malformed(`JSON is nested deeper than ${MAX_JSON_DEPTH}`);
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw malformed('JSON text has a lone surrogate');
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw malformed('JSON number is not a safe integer');
  } else if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1);
  } else if (typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) {
      if (name === '__proto__') throw malformed('JSON has a member __proto__');
      checkValue(name, depth + 1);
      checkValue(member, depth + 1);
    }
  } else throw malformed(`JSON has no ${typeof value}`);
}

/**
 * Reads JSON that is canonical to the byte, which alone excludes white space, repeated members and other forms of a
 * number; a member `__proto__` is refused as well. EVIDENCE_MALFORMED.
 */
export function parseCanonicalJson(bytes: Uint8Array, maxBytes: number): unknown {
  if (bytes.length > maxBytes) throw malformed(`JSON of ${bytes.length} bytes is larger than ${maxBytes}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw malformed('not JSON in UTF-8', cause);
  }
  if (!canonicalJson(value).equals(bytes)) throw malformed('JSON is not in canonical form (RFC 8785)');
  return value;
}
