import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampRequest } from '../../../src/evidence/timestamp';
import { pemOfCertificate } from '../../../src/evidence/trustFile';
import { sha256 } from '../../../src/tlog/sha256';
import { manifestKey, manifestTimestampKey } from '../../../src/evidence/objectKeys';
import type { Manifest } from '../../../src/evidence/manifest';
import { verifySnapshot } from '../../../src/verify/verifySnapshot';
import { verifyTimestampToken } from '../../../src/verify/timestampToken';
import { auditRecords, evidenceKey, makeEvidence, readerOf, signEvidence } from '../../harness/evidence';

const DATA = Buffer.from('{"a manifest":1}');

/** Two certificate authorities, each with a signer for timestamps. */
class Authorities {
  readonly directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-tsa-'));

  constructor() {
    for (const name of ['one', 'two']) {
      this.#openssl(
        'req',
        '-x509',
        ...NEW_KEY,
        '-subj',
        `/CN=${name} CA`,
        '-days',
        '9',
        '-keyout',
        `${name}-ca.key`,
        '-out',
        `${name}-ca.pem`,
      );
      this.#issue(name, name);
    }
  }

  pem(name: string): string {
    return pemOfCertificate(readFileSync(join(this.directory, `${name}.pem`), 'utf8'));
  }

  /** The response of a signer over data; the certificates in it are those of `certs`. */
  respond(name: string, ca: string, data: Buffer = DATA): Buffer {
    writeFileSync(join(this.directory, 'serial'), '01\n');
    writeFileSync(join(this.directory, 'query'), timestampRequest(sha256(data)));
    writeFileSync(join(this.directory, 'tsa.cnf'), configOf(name, ca));
    this.#openssl('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'reply');
    return readFileSync(join(this.directory, 'reply'));
  }

  #issue(name: string, ca: string): void {
    writeFileSync(join(this.directory, `${name}.cnf`), 'extendedKeyUsage = critical,timeStamping\n');
    this.#openssl(
      'req',
      ...NEW_KEY,
      '-subj',
      `/CN=${name} signer`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const signing = [
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${ca}-ca.pem`,
      '-CAkey',
      `${ca}-ca.key`,
      '-CAcreateserial',
    ];
    this.#openssl('x509', ...signing, '-days', '9', '-extfile', `${name}.cnf`, '-out', `${name}.pem`);
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' });
  }
}

const NEW_KEY = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
const configOf = (name: string, ca: string) => `[tsa]
default_tsa = one
[one]
serial = ./serial
signer_cert = ./${name}.pem
signer_key = ./${name}.key
certs = ./${ca}-ca.pem
signer_digest = sha256
digests = sha256
default_policy = 1.2.3.4.1
`;

let authorities: Authorities;
beforeAll(() => {
  authorities = new Authorities();
});

const refusal = (message: string) =>
  expect.objectContaining({ code: 'EVIDENCE_MALFORMED', message: expect.stringContaining(message) }) as Error;

test('a token is accepted under the certificate of its authority, and under its own', async () => {
  const response = authorities.respond('one', 'one');
  for (const name of ['one-ca', 'one']) {
    const time = await verifyTimestampToken(response, DATA, [
      authorities.pem('two-ca'),
      authorities.pem(name),
    ]);
    expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(60_000);
  }
});

test('a token of another authority is refused, although it carries the certificates of that authority', async () => {
  const response = authorities.respond('two', 'two');
  const pinned = [authorities.pem('one-ca')];
  await expect(verifyTimestampToken(response, DATA, pinned)).rejects.toThrow(
    refusal('no certificate of the trust file'),
  );
});

test('a token over other data is refused', async () => {
  const response = authorities.respond('one', 'one', Buffer.from('{}'));
  await expect(verifyTimestampToken(response, DATA, [authorities.pem('one-ca')])).rejects.toThrow(
    refusal('a timestamp of other data'),
  );
});

test.each([0, 1, 2, 3])(
  'a token with bits of its statement or signature changed is refused (%i)',
  async (part) => {
    const response = authorities.respond('one', 'one');
    const pinned = [authorities.pem('one-ca')];
    const imprint = response.indexOf(sha256(DATA));
    const time = response.indexOf(Buffer.from([0x18, 0x0f]), imprint);
    const at = [imprint, time + 8, response.length - 1, response.length - 200][part]!;
    const changed = Buffer.from(response);
    changed[at]! ^= 1;
    await expect(verifyTimestampToken(changed, DATA, pinned)).rejects.toMatchObject({
      code: 'EVIDENCE_MALFORMED',
    });
  },
);

test.each([
  [Buffer.alloc(0)],
  [Buffer.from('30030201', 'hex')],
  [Buffer.from('30053003020102', 'hex')],
  [Buffer.from('3082ffff', 'hex')],
  [Buffer.from('not DER')],
])('a response that is not a granted token is refused (%#)', async (response) => {
  await expect(verifyTimestampToken(response, DATA, [authorities.pem('one-ca')])).rejects.toThrow(
    refusal('not an RFC 3161 response'),
  );
});

const SNAPSHOT = 'snap-job-1';
const TIMESTAMP = manifestTimestampKey(SNAPSHOT);

/** The report on a snapshot with this timestamp; `authority` is the pinned one. */
async function verify(
  members: Partial<Manifest>,
  respond: (manifest: Buffer) => Buffer | undefined,
  authority?: string,
) {
  const evidence = await makeEvidence({ records: auditRecords(2), chunkRecords: 2 });
  const signed = signEvidence({ ...evidence.manifest, ...members }, evidenceKey(1));
  const objects = new Map([...evidence.objects, ...signed]);
  const response = respond(objects.get(manifestKey(SNAPSHOT))!);
  if (response) objects.set(TIMESTAMP, response);
  const timestampAuthorities = authority === undefined ? [] : [{ pem: authorities.pem(authority) }];
  const trust = { ...evidence.trust, timestampAuthorities };
  return verifySnapshot(readerOf(objects), { snapshotId: SNAPSHOT, trust });
}

const STAMPED: Partial<Manifest> = { timestamp: 'rfc3161' };
const honest = (manifest: Buffer) => authorities.respond('one', 'one', manifest);

test('a snapshot with a timestamp by a pinned authority is VERIFIED', async () => {
  expect(await verify(STAMPED, honest, 'one-ca')).toMatchObject({ verdict: 'VERIFIED', failures: [] });
});

test('without a pinned authority a timestamp is present, not checked', async () => {
  const report = await verify(STAMPED, honest);
  expect(report.verdict).toBe('VERIFIED');
  expect(report.notes).toContain(
    `${TIMESTAMP}: the timestamp is present, but its signature was not checked: the trust file has no timestamp authority`,
  );
});

test('a snapshot whose manifest requires a timestamp that is missing is INCOMPLETE', async () => {
  const report = await verify(STAMPED, () => undefined, 'one-ca');
  expect(report).toMatchObject({
    verdict: 'INCOMPLETE',
    failures: [{ layer: 'timestamp', kind: 'missing' }],
  });
});

test.each<[string, Partial<Manifest>, (manifest: Buffer) => Buffer, string]>([
  [
    'by another authority',
    {},
    (manifest) => authorities.respond('two', 'two', manifest),
    'no certificate of the trust file',
  ],
  ['of another manifest', {}, () => authorities.respond('one', 'one', DATA), 'a timestamp of other data'],
  [
    'from before the snapshot was opened',
    {
      openedAt: '2090-01-01T00:00:00.000Z',
      retention: { mode: 'COMPLIANCE', until: '2091-01-01T00:00:00.000Z' },
    },
    honest,
    'a timestamp at 20',
  ],
])('a snapshot with a timestamp %s is NOT VERIFIED', async (_, members, respond, found) => {
  const report = await verify({ ...STAMPED, ...members }, respond, 'one-ca');
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures.find(({ layer }) => layer === 'timestamp')?.found).toContain(found);
});

test('a timestamp that the manifest does not name is named, and does not count', async () => {
  const report = await verify({}, () => Buffer.from('anything'), 'one-ca');
  expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  expect(report.notes).toContain(
    `${TIMESTAMP}: the manifest has no timestamp, so this object is not evidence`,
  );
});
