/** A timestamp authority (RFC 3161). Each response differs, even for the same digest. Errors: TIMESTAMP_FAILED. */
export interface Timestamper {
  /** The response for a SHA-256 digest of 32 bytes; it is granted and covers that digest. */
  timestamp(digest: Buffer): Promise<Buffer>;
}
