/** The rights that the requests of this product need, by their names in AWS policies; docs/storage.md lists them. */
export const RIGHTS = {
  READ_CONFIGURATION: 's3:GetBucketObjectLockConfiguration',
  WRITE: 's3:PutObject and s3:PutObjectRetention',
  READ: 's3:GetObject, and s3:ListBucket when the key does not exist',
  READ_VERSION: 's3:GetObjectVersion',
  READ_LOCK: 's3:GetObjectRetention',
  LIST_VERSIONS: 's3:ListBucketVersions',
  EXTEND: 's3:PutObjectRetention',
  READ_HOLD: 's3:GetObjectLegalHold',
  DELETE_VERSION: 's3:DeleteObjectVersion',
  HOLD: 's3:PutObjectLegalHold',
} as const;
