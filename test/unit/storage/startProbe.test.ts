import type { ServerResponse } from 'node:http';
import { probeStart } from '../../../src/storage/startProbe';
import { startScriptedServer, type ReceivedRequest } from '../../harness/scriptedServer';
import { storageConfigFor } from '../../harness/storageConfig';

const BODY = 'audit-snapshot tests with this object that storage honours conditions and locks\n';
const LISTED =
  '<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>doctor/worker-start</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>80</Size></Version></ListVersionsResult>';

/** A bucket with the probe object of an earlier start, whose lock ended long ago. */
function answer(until: { value: string }) {
  return ({ method, path, body }: ReceivedRequest, response: ServerResponse): void => {
    const lock = {
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': until.value,
    };
    if (path.includes('absent-')) response.writeHead(404).end();
    else if (path.includes('versions')) response.writeHead(200).end(LISTED);
    else if (path.includes('retention') && method === 'PUT') {
      until.value = /<RetainUntilDate>([^<]+)</.exec(body)?.[1] ?? '';
      response.writeHead(200).end();
    } else if (method === 'PUT') response.writeHead(412).end();
    else
      response
        .writeHead(200, { 'x-amz-version-id': 'v1', etag: '"e"', ...lock })
        .end(method === 'GET' ? BODY : '');
  };
}

test('the ended lock of the probe object is extended far enough for a slow request', async () => {
  const until = { value: '2026-01-01T00:00:00.000Z' };
  await using server = await startScriptedServer(answer(until));
  const nowMs = Date.now();
  await probeStart(storageConfigFor(server.url), nowMs);
  expect(Date.parse(until.value) - nowMs).toBeGreaterThan(30_000);
});
