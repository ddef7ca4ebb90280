import { createHash } from 'node:crypto';
import type { ObjectLock } from '../ports/objectStore';
import type { BucketClient } from './bucketClient';
import { Refusal } from './refusal';

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

/** Places a legal hold on a version, or removes it. What storage refuses is thrown. */
export async function putLegalHold(
  bucket: BucketClient,
  key: string,
  versionId: string,
  held: boolean,
): Promise<void> {
  const xml = `<LegalHold ${NAMESPACE}><Status>${held ? 'ON' : 'OFF'}</Status></LegalHold>`;
  await putXml(bucket, key, versionId, 'legal-hold', xml, {});
}

/** The lock of a version, by a request of its own; undefined without one. What storage refuses is thrown. */
export async function getRetention(
  bucket: BucketClient,
  key: string,
  versionId: string,
): Promise<ObjectLock | undefined> {
  const xml = await getXml(bucket, key, versionId, 'retention');
  const [, mode] = /<Mode>(COMPLIANCE|GOVERNANCE)<\/Mode>/.exec(xml) ?? [];
  const [, until = ''] = /<RetainUntilDate>([^<]+)<\/RetainUntilDate>/.exec(xml) ?? [];
  if ((mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') || Number.isNaN(Date.parse(until))) return undefined;
  return { mode, until: new Date(until) };
}

/** Whether a version is under legal hold, by a request of its own. What storage refuses is thrown. */
export async function getLegalHold(bucket: BucketClient, key: string, versionId: string): Promise<boolean> {
  return /<Status>ON<\/Status>/.test(await getXml(bucket, key, versionId, 'legal-hold'));
}

/** Statuses with which servers say that a version has no lock and no hold, or that they have neither. */
const NOTHING: ReadonlySet<number> = new Set([400, 404, 405, 501]);

async function getXml(
  bucket: BucketClient,
  key: string,
  versionId: string,
  subresource: 'retention' | 'legal-hold',
): Promise<string> {
  try {
    const { body } = await bucket.send({ method: 'GET', key, query: { [subresource]: '', versionId } });
    return body.toString('utf8');
  } catch (error) {
    if (error instanceof Refusal && !error.isCut && NOTHING.has(error.status)) return '';
    throw error;
  }
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
