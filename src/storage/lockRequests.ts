import { createHash } from 'node:crypto';
import type { BucketClient } from './bucketClient';

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** Sets mode and end of the lock of a version. Storage accepts a longer COMPLIANCE lock, and must refuse anything less. */
export async function putRetention(
  bucket: BucketClient,
  key: string,
  versionId: string,
  mode: 'COMPLIANCE' | 'GOVERNANCE',
  until: Date,
  bypassGovernance = false,
): Promise<void> {
  const date = `<RetainUntilDate>${until.toISOString()}</RetainUntilDate>`;
  const xml = `<Retention ${NAMESPACE}><Mode>${mode}</Mode>${date}</Retention>`;
  const bypass: Record<string, string> = bypassGovernance
    ? { 'x-amz-bypass-governance-retention': 'true' }
    : {};
  await putXml(bucket, key, versionId, 'retention', xml, bypass);
}

export async function putLegalHold(
  bucket: BucketClient,
  key: string,
  versionId: string,
  held: boolean,
): Promise<void> {
  const xml = `<LegalHold ${NAMESPACE}><Status>${held ? 'ON' : 'OFF'}</Status></LegalHold>`;
  await putXml(bucket, key, versionId, 'legal-hold', xml, {});
}

async function putXml(
  bucket: BucketClient,
  key: string,
  versionId: string,
  subresource: 'retention' | 'legal-hold',
  xml: string,
  extra: Readonly<Record<string, string>>,
): Promise<void> {
  const body = Buffer.from(xml);
  const headers = {
    ...extra,
    // S3 requires a checksum here; Content-MD5 would fail under FIPS.
    'x-amz-sdk-checksum-algorithm': 'SHA256',
    'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
    'content-type': 'application/xml',
  };
  await bucket.send({ method: 'PUT', key, query: { [subresource]: '', versionId }, headers, body });
}
