import { mongo } from 'mongoose';
import { connectDatabase } from '../../../src/mongo/connection';
import { toConnectError } from '../../../src/mongo/connectError';

const CANARIES = ['canary-user', 'canary-pass'];
const USER = CANARIES.join(':');

/** Everything of an error that a log or a response could show. */
const shown = (error: unknown) => JSON.stringify([error, String(error), (error as Error).cause]);

describe('a failed connection to MongoDB', () => {
  test.each([
    [`mongodb+srv://${USER}@nowhere.invalid/db`, 'DATABASE_HOST_UNKNOWN', '_mongodb._tcp.nowhere.invalid'],
    [`mongodb://${USER}@127.0.0.1:1/db?foo=bar`, 'CONFIG_INVALID', 'the option foo'],
    [`mongodb://${USER}@127.0.0.1:1/db?tls=maybe`, 'CONFIG_INVALID', 'the driver rejects MONGODB_URI'],
    [`mongodb://${USER}@127.0.0.1:99999/db`, 'CONFIG_INVALID', 'the driver rejects MONGODB_URI'],
    [`mongodb://canary-user:canary%pass@127.0.0.1:1/db`, 'CONFIG_INVALID', 'the driver rejects'],
    [`mongodb://canary-user:canary/pass@127.0.0.1:1/db`, 'CONFIG_INVALID', 'the driver rejects'],
    [`mongodb://${USER}@127.0.0.1:1/db?authMechanism=NOPE`, 'CONFIG_INVALID', 'the driver rejects'],
    [`mongodb://${USER}@h/db?tls=true&tlsCAFile=/nowhere`, 'TLS_FILE_INVALID', '/nowhere'],
  ])('%s has the code %s, and neither the user nor the password is shown', async (uri, code, text) => {
    const error: unknown = await connectDatabase(uri).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) as string });
    for (const canary of CANARIES) expect(shown(error)).not.toContain(canary);
  });

  const selection = (...codes: readonly string[]) => {
    const servers = new Map(
      codes.map((code, index) => [
        `host${index}:27017`,
        { error: Object.assign(new Error(`x ${USER}`), { cause: { code, syscall: 'getaddrinfo' } }) },
      ]),
    );
    return Object.assign(new Error(USER), { name: 'MongooseServerSelectionError', reason: { servers } });
  };

  test.each([
    [['ENOTFOUND', 'ENOTFOUND'], 'DATABASE_HOST_UNKNOWN', 'host0:27017 (ENOTFOUND)'],
    [['ENOTFOUND', 'ECONNREFUSED'], 'DATABASE_UNREACHABLE', 'host1:27017 ECONNREFUSED'],
    [['SELF_SIGNED_CERT_IN_CHAIN'], 'DATABASE_UNREACHABLE', 'TLS failed; tlsCAFile in MONGODB_URI'],
    [[], 'DATABASE_UNREACHABLE', 'check MONGODB_URI'],
  ])('servers that fail with %j are %s', (codes, code, text) => {
    const error = toConnectError(`mongodb://${USER}@host/db`, selection(...codes));
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) as string });
    for (const canary of CANARIES) expect(shown(error)).not.toContain(canary);
  });

  test.each([
    ['tlsCertificateKeyFilePassword=canary%2Dpass', 'canary-pass'],
    ['proxyHost=p&proxyUsername=canary-user&proxyPassword=canary-pass', 'canary-pass of canary-user'],
    ['authMechanismProperties=AWS_SESSION_TOKEN:canary-pass', 'canary-pass'],
  ])('a secret in the options %s is not shown', (options, quoted) => {
    const failure = new mongo.MongoError(`the server says ${quoted}`);
    const error = toConnectError(`mongodb://host/db?${options}`, failure);
    expect(error).toMatchObject({ code: 'DATABASE_FAILED', message: expect.stringContaining('…') as string });
    for (const canary of CANARIES) expect(shown(error)).not.toContain(canary);
  });

  test('a name server that does not answer is a transient failure', () => {
    const failure = Object.assign(new Error('x'), {
      code: 'ETIMEOUT',
      syscall: 'querySrv',
      hostname: 'db.example.com',
    });
    expect(toConnectError('mongodb+srv://db.example.com/x', failure)).toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      retryable: true,
    });
  });
});
