import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectSigner } from '../../src/vault/vaultSigner';
import { exportSnapshot } from '../../src/verify/exportEvidence';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig, readVaultConfig } from '../../src/config';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { makeTrustFile } from '../../src/evidence/trustFile';
import { readChunkWithPython } from '../harness/pythonReader';
import { Services } from '../harness/services';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('evidence checked with third-party tools', () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-evidence-'));
  const services = new Services({ AUDIT_CHUNK_RECORDS: '400' });
  let manifest: Manifest;
  let folder: string;

  beforeAll(async () => {
    await services.start();
    await services.log(1_000, WINDOW);
    const jobId = await services.submit(WINDOW);
    const { result } = await services.ended(jobId);
    await exportSnapshot(
      bucketReader(connectObjectStore(readStorageConfig({ ...process.env, ...services.env }))),
      result!.snapshotId,
      directory,
    );
    folder = join(directory, 'snapshots', result!.snapshotId);
    manifest = parseManifest(readFileSync(join(folder, 'manifest.json')));
  }, 120_000);

  afterAll(() => services.stop());

  /** `body` is a manifest: openssl checks the signature over the statement about it. */
  async function opensslVerify(body: Buffer): Promise<string> {
    const keys = await (await connectSigner(readVaultConfig())).listKeys();
    const pem = makeTrustFile('x', keys).keys.find(({ version }) => version === manifest.key.version)!.pem;
    const [keyFile, sigFile] = [join(directory, 'key.pem'), join(directory, 'manifest.sig')];
    const statementFile = join(directory, 'statement');
    writeFileSync(keyFile, pem);
    const digest = execFileSync('sha256sum', { input: body }).toString().split(' ')[0];
    const lines = ['audit-snapshot/manifest/v1', manifest.origin, manifest.snapshotId, digest];
    writeFileSync(statementFile, lines.map((line) => `${line}\n`).join(''));
    execFileSync('sh', ['-c', `base64 -d '${join(folder, 'manifest.json.sig')}' > '${sigFile}'`]);
    const args = [
      'pkeyutl',
      '-verify',
      '-rawin',
      '-pubin',
      '-inkey',
      keyFile,
      '-sigfile',
      sigFile,
      '-in',
      statementFile,
    ];
    return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  }

  test('openssl accepts the signature of the manifest, and refuses it when one bit of the manifest is changed', async () => {
    const body = readFileSync(join(folder, 'manifest.json'));
    expect(await opensslVerify(body)).toContain('Signature Verified Successfully');
    body[100]! ^= 1;
    await expect(opensslVerify(body)).rejects.toThrow(/pkeyutl/);
  });

  test("the hashes that Python's BSON library reads from the chunks have the log-hash digest of the manifest", async () => {
    const hashes: string[] = [];
    for (const { key, count, first, last } of manifest.chunks) {
      const records = await readChunkWithPython(join(directory, key));
      expect(records).toHaveLength(count);
      expect([records[0]!.id, records.at(-1)!.id]).toEqual([first.id, last.id]);
      hashes.push(...records.map(({ hash }) => hash!));
    }
    expect(hashes).toHaveLength(1_000);
    const digest = execFileSync('sha256sum', { input: hashes.join('') }).toString();
    expect(digest.split(' ')[0]).toBe(manifest.logHashDigest);
  }, 120_000);

  test('sha256sum and gunzip confirm every stored chunk of the manifest', () => {
    for (const { key, sha256 } of manifest.chunks) {
      const path = join(directory, key);
      expect(execFileSync('sha256sum', [path]).toString().split(' ')[0]).toBe(sha256);
      execFileSync('gunzip', ['-t', path]);
    }
    expect(manifest.chunks.map(({ count }) => count)).toEqual([400, 400, 200]);
  });
});
