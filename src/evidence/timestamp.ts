/** With certificates an answer has a few kilobytes. */
export const MAX_TIMESTAMP_BYTES = 1 << 16;

/** TimeStampReq, version 1, SHA-256, with the certificate asked for (RFC 3161, section 2.4.1); the digest goes in between. */
const REQUEST_HEAD = Buffer.from('30390201013031300d060960864801650304020105000420', 'hex');
const REQUEST_TAIL = Buffer.from('0101ff', 'hex');
/** MessageImprint: SHA-256 and the digest; some authorities leave the NULL parameter out. */
const IMPRINTS = ['3031300d060960864801650304020105000420', '302f300b060960864801650304020104 20'].map(
  (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'),
);

export function timestampRequest(digest: Buffer): Buffer {
  return Buffer.concat([REQUEST_HEAD, digest, REQUEST_TAIL]);
}

/**
 * Whether a TimeStampResp was granted and stands over this SHA-256 digest. The authority's signature is not checked here:
 * that takes its certificate, and `openssl ts -verify`.
 */
export function readTimestamp(
  response: Buffer,
  digest: Buffer,
): 'granted' | 'refused' | 'malformed' | 'another digest' {
  const whole = readSequence(response, 0);
  if (!whole || whole.end !== response.length) return 'malformed';
  const info = readSequence(response, whole.start);
  if (!info || response[info.start] !== 0x02 || response[info.start + 1] !== 0x01) return 'malformed';
  const status = response[info.start + 2]!;
  if (status > 1) return 'refused';
  if (info.end >= whole.end) return 'malformed';
  return IMPRINTS.some((head) => response.includes(Buffer.concat([head, digest]), info.end))
    ? 'granted'
    : 'another digest';
}

/** A DER SEQUENCE at a place: where its content starts and ends; undefined when there is none. */
function readSequence(bytes: Buffer, at: number): { start: number; end: number } | undefined {
  const first = bytes[at + 1];
  if (bytes[at] !== 0x30 || first === undefined) return undefined;
  const digits = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + digits;
  if (digits > 3 || start > bytes.length) return undefined;
  const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits || 1);
  return start + length <= bytes.length ? { start, end: start + length } : undefined;
}
