import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connectTemporal } from '../../../src/temporal/connection';

const UNSENDABLE = 'canary\nsecond line';

test('a password in the address of a caller does not appear in the error', async () => {
  const address = 'user:canary@127.0.0.1:1';
  const error: unknown = await connectTemporal({ address, namespace: 'x' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'ADDRESS_HAS_CREDENTIALS' });
  expect(String(error)).not.toContain('canary');
});

test.each([
  ['API key', { apiKey: UNSENDABLE }],
  ['API key of a function', { apiKey: () => UNSENDABLE }],
  ['own gRPC header', { metadata: { team: UNSENDABLE } }],
])(
  'the value of an %s that no header may have is refused and does not appear in the error',
  async (_what, given) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/grpc' });
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error: unknown = await connectTemporal({ address, namespace: 'x', tls: false, ...given }).catch(
      (thrown: unknown) => thrown,
    );
    const closed = once(server, 'close');
    // Waits for the connections, which the client has closed.
    server.close();
    await closed;
    expect(error).toMatchObject({ code: 'TEMPORAL_UNAUTHORIZED', retryable: false });
    expect(
      JSON.stringify(error, [...Object.getOwnPropertyNames(error), 'cause', 'message', 'stack']),
    ).not.toContain('canary');
  },
);
