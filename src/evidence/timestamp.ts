/** TimeStampReq, version 1, SHA-256, that asks for the certificate (RFC 3161, section 2.4.1); the digest is in between. */
const REQUEST_HEAD = Buffer.from('30390201013031300d060960864801650304020105000420', 'hex');
const REQUEST_TAIL = Buffer.from('0101ff', 'hex');
/** Head of a MessageImprint with SHA-256, before the digest; some authorities omit the NULL parameter. */
const IMPRINT_HEADS = ['3031300d060960864801650304020105000420', '302f300b06096086480165030402010420'].map(
  (hex) => Buffer.from(hex, 'hex'),
);

/** The DER of a request for a timestamp over a SHA-256 digest of 32 bytes. */
export function timestampRequest(digest: Buffer): Buffer {
  return Buffer.concat([REQUEST_HEAD, digest, REQUEST_TAIL]);
}

/**
 * Whether a TimeStampResp was granted and covers this SHA-256 digest. The signature of the authority is not checked: that
 * needs its certificate, and `openssl ts -verify`.
 */
export function readTimestamp(
  response: Buffer,
  digest: Buffer,
): 'granted' | 'refused' | 'malformed' | 'another digest' {
  const outer = readSequence(response, 0);
  if (!outer || outer.end !== response.length) return 'malformed';
  const info = readSequence(response, outer.start);
  // PKIStatus is an INTEGER of one byte: 0 is granted, 1 is granted with modifications.
  if (!info || response[info.start] !== 0x02 || response[info.start + 1] !== 0x01) return 'malformed';
  const status = response[info.start + 2]!;
  if (status > 1) return 'refused';
  if (info.end >= outer.end) return 'malformed';
  return IMPRINT_HEADS.some((head) => response.includes(Buffer.concat([head, digest]), info.end))
    ? 'granted'
    : 'another digest';
}

/** Where the content of the DER SEQUENCE at an offset starts and ends; undefined when there is none. */
function readSequence(bytes: Buffer, at: number): { start: number; end: number } | undefined {
  const first = bytes[at + 1];
  if (bytes[at] !== 0x30 || first === undefined) return undefined;
  const digits = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + digits;
  if (digits > 3 || start > bytes.length) return undefined;
  const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits || 1);
  return start + length <= bytes.length ? { start, end: start + length } : undefined;
}
