import { httpJobReporter } from '../../../src/jobs/httpJobReporter';
import { AnsweringServer } from '../../harness/answeringServer';

const OUTCOME = { status: 'failed', code: 'INTERNAL', reason: 'x' } as const;
const TOKEN = 'canary-of-the-reporter';

let service: AnsweringServer;
beforeEach(async () => {
  service = await AnsweringServer.start();
  service.answer = (_request, response) => response.writeHead(200).end('{}');
});
afterEach(() => service.stop());

test('each report carries the token of that moment, whose file may have been replaced', async () => {
  let token = 'first';
  const reporter = httpJobReporter(service.url, () => token);
  await reporter.report('j', OUTCOME);
  token = 'second';
  await reporter.report('j', OUTCOME);
  expect(service.received.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer first',
    'Bearer second',
  ]);
});

test('a web page with status 200 has not received the report, which is sent again', async () => {
  service.answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Log in</html>');
  await expect(httpJobReporter(service.url).report('j', OUTCOME)).rejects.toMatchObject({
    code: 'JOB_SERVICE_UNREACHABLE',
    retryable: true,
    message: expect.stringContaining('JOB_SERVICE_URL'),
  });
});

test.each([
  ['a redirect', (url: string) => url, 302, TOKEN, 'JOB_SERVICE_UNREACHABLE'],
  ['a refusal', (url: string) => url, 403, TOKEN, 'JOB_SERVICE_REFUSED'],
  ['no server', () => 'http://127.0.0.1:1', 0, TOKEN, 'JOB_SERVICE_UNREACHABLE'],
  [
    'a token that no header may have',
    (url: string) => url,
    200,
    `${TOKEN}\nsecond line`,
    'JOB_SERVICE_UNREACHABLE',
  ],
])('the error of %s does not contain the token', async (_what, addressOf, status, token, code) => {
  service.answer = (_request, response) =>
    response.writeHead(status, { location: `http://127.0.0.1:1/?token=${TOKEN}` }).end();
  const error: unknown = await httpJobReporter(addressOf(service.url), () => token)
    .report('j', OUTCOME)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(TOKEN);
});
