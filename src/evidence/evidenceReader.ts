/** Where evidence is read from: a bucket, or a directory with its layout. */
export interface EvidenceReader {
  /** The bytes of an object, or undefined when it is not there; larger than `maxBytes` is an error. */
  read(key: string, versionId: string | undefined, maxBytes: number): Promise<Buffer | undefined>;
}
