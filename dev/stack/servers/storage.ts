import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SnapshotError, messageOf } from '../../../src/errors';
import { createLockedBucket } from '../lockedBucket';
import type { Server } from '../server';
import type { Environment } from '../serverName';
import { createPrivateDirectory, readJsonFile, writePrivateFile } from '../stackDirectory';
import { GO, type Tool } from '../tool';

const BUCKET = 'audit-snapshots';
const ORIGIN = 'localhost/audit';
const REGION = 'us-east-1';
const CALL_TIMEOUT_MS = 3_000;

const VERSION = '1.8.0';
const tool: Tool = {
  name: 'versitygw',
  version: VERSION,
  binaries: ['versitygw'],
  toolchain: GO,
  effort: 'go install, about 70 seconds',
  steps: (directory, go) => [
    {
      command: go,
      args: ['install', `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`],
      env: { GOBIN: join(directory, 'bin') },
    },
  ],
  built: (directory) => join(directory, 'bin', 'versitygw'),
  probe: ['--version'],
};

interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** S3 with versions, Object Lock and conditional writes, on plain files. */
export const storage: Server = {
  name: 'storage',
  title: 'S3 storage',
  tool,
  urlVariable: 'S3_ENDPOINT',
  variables: ['S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'S3_BUCKET', 'S3_REGION', 'AUDIT_ORIGIN'],
  portNames: ['s3'],
  prepare: ({ folder, ports }) => {
    const [buckets, versions] = [join(folder, 'buckets'), join(folder, 'versions')];
    createPrivateDirectory(buckets);
    createPrivateDirectory(versions);
    const { accessKey, secretKey } = readCredentials(folder) ?? createCredentials(folder);
    return {
      args: [
        ['--port', `127.0.0.1:${ports['s3']}`, '--region', REGION, '--health', '/health', '--quiet'],
        ['posix', '--versioning-dir', versions, buckets],
      ].flat(),
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    };
  },
  environment: ({ folder, ports }) => {
    const credentials = readCredentials(folder);
    return {
      S3_ENDPOINT: `http://127.0.0.1:${ports['s3']}`,
      ...(credentials && { S3_ACCESS_KEY: credentials.accessKey, S3_SECRET_KEY: credentials.secretKey }),
      S3_BUCKET: BUCKET,
      S3_REGION: REGION,
      // A bucket holds the ledger of one origin.
      AUDIT_ORIGIN: ORIGIN,
    };
  },
  reach,
  provision: (instance) => createLockedBucket(storage.environment(instance), BUCKET),
  check: reach,
  explain: (lines, { folder }) =>
    lines.some((line) => line.includes('xattrs are not supported'))
      ? `the file system of ${folder} has no user extended attributes; put the checkout on one that has ` +
        `(ext4, xfs, btrfs), or set S3_ENDPOINT to a server that is already running`
      : undefined,
};

function readCredentials(folder: string): Credentials | undefined {
  return readJsonFile(join(folder, 'credentials.json')) as Credentials | undefined;
}

function createCredentials(folder: string): Credentials {
  const credentials = {
    accessKey: `audit-${randomBytes(8).toString('hex')}`,
    secretKey: randomBytes(30).toString('base64url'),
  };
  writePrivateFile(join(folder, 'credentials.json'), `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}

async function reach(variables: Environment): Promise<void> {
  const endpoint = variables['S3_ENDPOINT'] ?? '';
  const failed = (how: string, cause?: unknown) =>
    new SnapshotError('STORAGE_UNREACHABLE', `S3 at ${endpoint} ${how}`, { retryable: true, cause });
  const response = await fetch(new URL('/health', endpoint), {
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw failed(`does not answer: ${messageOf(cause)}`, cause);
  });
  await response.arrayBuffer();
  // storage that knows no /health answers 403 or 404, which shows that it is there
  if (response.status >= 500) throw failed(`answers ${response.status}`);
}
