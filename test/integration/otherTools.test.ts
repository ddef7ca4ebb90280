import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { connectSigner } from '../../src/vault/vaultSigner';
import { auditTrail } from '../../dev/demo/auditTrail';
import { exportSnapshot } from '../../src/verify/exportEvidence';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig, readVaultConfig } from '../../src/config';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { makeTrustFile } from '../../src/evidence/trustFile';
import { AuditService } from '../../src/services/audit.service';
import { readWithPython } from '../harness/otherReader';
import { Services } from '../harness/services';

const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('evidence checked with tools that other people wrote', () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-evidence-'));
  const product = new Services({ AUDIT_CHUNK_RECORDS: '400' });
  let manifest: Manifest;
  let folder: string;

  beforeAll(async () => {
    const connection = await connectDatabase(product.env['MONGODB_URI']!);
    await product.start();
    const service = new AuditService(connection);
    await service.logAuditEntries(auditTrail(1_000, Date.parse(WINDOW.from), Date.parse(WINDOW.to)));
    const jobId = await product.submit(WINDOW);
    const { result } = await product.ended(jobId);
    await exportSnapshot(
      bucketReader(connectObjectStore(readStorageConfig({ ...process.env, ...product.env }))),
      result!.snapshotId,
      directory,
    );
    folder = join(directory, 'snapshots', result!.snapshotId);
    manifest = parseManifest(readFileSync(join(folder, 'manifest.json')));
    await connection.close();
  }, 120_000);

  afterAll(() => product.stop());

  async function opensslVerify(signedFile: string): Promise<string> {
    const keys = await (await connectSigner(readVaultConfig())).listKeys();
    const pem = makeTrustFile('x', keys).keys.find(({ version }) => version === manifest.key.version)!.pem;
    const [keyFile, sigFile] = [join(directory, 'key.pem'), join(directory, 'manifest.sig')];
    writeFileSync(keyFile, pem);
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
      signedFile,
    ];
    return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  }

  test('openssl accepts the signature of the manifest, and refuses it for a manifest with one bit changed', async () => {
    expect(await opensslVerify(join(folder, 'manifest.json'))).toContain('Signature Verified Successfully');
    const forged = readFileSync(join(folder, 'manifest.json'));
    forged[100]! ^= 1;
    writeFileSync(join(directory, 'forged.json'), forged);
    await expect(opensslVerify(join(directory, 'forged.json'))).rejects.toThrow(/pkeyutl/);
  });

  test("Python's BSON library reads every chunk, and sha256sum makes the log-hash digest of what it read", async () => {
    const hashes: string[] = [];
    for (const { key, count, first, last } of manifest.chunks) {
      const records = await readWithPython(join(directory, key));
      expect(records).toHaveLength(count);
      expect([records[0]!.id, records.at(-1)!.id]).toEqual([first.id, last.id]);
      hashes.push(...records.map(({ hash }) => hash!));
    }
    expect(hashes).toHaveLength(1_000);
    const digest = execFileSync('sha256sum', { input: hashes.join('') }).toString();
    expect(digest.split(' ')[0]).toBe(manifest.logHashDigest);
  }, 120_000);

  test('sha256sum and gunzip agree with the manifest on every stored chunk', () => {
    for (const { key, sha256 } of manifest.chunks) {
      const path = join(directory, key);
      expect(execFileSync('sha256sum', [path]).toString().split(' ')[0]).toBe(sha256);
      execFileSync('gunzip', ['-t', path]);
    }
    expect(manifest.chunks.map(({ count }) => count)).toEqual([400, 400, 200]);
  });
});
