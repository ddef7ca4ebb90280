import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { accessDenied, type S3Answer, type S3Request } from './s3Proxy';

const POLICIES = resolve(__dirname, '../../docs/policies');

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
}

/** Reads a policy of docs/policies. */
export function readPolicy(name: string): readonly Statement[] {
  const parsed = JSON.parse(readFileSync(join(POLICIES, `${name}.json`), 'utf8')) as {
    Statement: Statement[];
  };
  return parsed.Statement;
}

export function actionsOf(policy: readonly Statement[]): readonly string[] {
  return policy.flatMap(({ Action }) => Action);
}

/** Answers as AWS does for a caller with this policy, without the actions in `removed`. */
export function enforcePolicy(policy: readonly Statement[], ...removed: readonly string[]) {
  const allows = (action: string, key: string) =>
    !removed.includes(action) &&
    policy.some(({ Action, Resource }) => Action.includes(action) && covers(Resource, key));
  return (request: S3Request, answer: S3Answer): S3Answer => {
    const { action, key, headers } = request;
    if (!allows(action, key)) return accessDenied(action);
    const isLocked = headers['x-amz-object-lock-mode'] !== undefined;
    if (isLocked && !allows('s3:PutObjectRetention', key)) return accessDenied('s3:PutObjectRetention');
    // Only callers who may list learn that a key does not exist.
    const isRead = action === 's3:GetObject' || action === 's3:GetObjectVersion';
    if (isRead && answer.status === 404 && !allows('s3:ListBucket', '')) return accessDenied('s3:ListBucket');
    return { ...answer, headers: visibleHeaders(answer.headers, key, allows) };
  };
}

function visibleHeaders(
  headers: S3Answer['headers'],
  key: string,
  allows: (action: string, key: string) => boolean,
): S3Answer['headers'] {
  const hidden = [
    ...(allows('s3:GetObjectRetention', key)
      ? []
      : ['x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date']),
    ...(allows('s3:GetObjectLegalHold', key) ? [] : ['x-amz-object-lock-legal-hold']),
  ];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hidden.includes(name)));
}

/** `arn:aws:s3:::bucket`, `arn:aws:s3:::bucket/*` or `arn:aws:s3:::bucket/prefix/*`; an empty key is the bucket. */
function covers(resource: string, key: string): boolean {
  const [, pattern] = /^arn:aws:s3:::[^/]+(?:\/(.*)\*)?$/.exec(resource) ?? [];
  return pattern === undefined ? key === '' : key !== '' && key.startsWith(pattern);
}
