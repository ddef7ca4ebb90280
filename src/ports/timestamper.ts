/** A timestamp authority. Errors: TIMESTAMP_FAILED. */
export interface Timestamper {
  /** The RFC 3161 response over a SHA-256 digest of 32 bytes, granted and for that digest. */
  timestamp(digest: Buffer): Promise<Buffer>;
}
