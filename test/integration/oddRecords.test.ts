import type { Connection } from 'mongoose';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { connectDatabase } from '../../src/mongo/connection';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig } from '../../src/config';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { MAX_MANIFEST_BYTES } from '../../src/evidence/limits';
import { parseManifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { cutRecord, readRecord } from '../../src/evidence/recordBytes';
import { sha256Hex } from '../../src/tlog/sha256';
import { verifySnapshot } from '../../src/verify/verifySnapshot';
import { runCommand } from '../harness/commandLine';
import { readTrust } from '../harness/deployment';
import { ODD_RECORDS, type OddRecord } from '../harness/oddRecords';
import { insertRaw } from '../harness/rawRecords';
import { Runbook } from '../harness/runbook';
import { Services } from '../harness/services';

const ALL = { from: '0000-01-01T00:00:00.000Z', to: '2026-04-30T23:59:59.999Z' };
const MIB = 1024 * 1024;

/** What the server holds of a record of the table. */
interface Held {
  readonly odd: OddRecord;
  readonly digest: string;
}

interface FindingList {
  readonly total: number;
  readonly findings: readonly {
    readonly snapshotId: string;
    readonly recordId: string;
    readonly kind: string;
  }[];
}

interface Verified {
  readonly verdict: string;
  readonly snapshots: readonly { readonly snapshotId: string }[];
  readonly notes: readonly string[];
}

describe('a log of every kind of odd record', () => {
  // Chunks of seven records, so that every kind of record is close to the end of one.
  const services = new Services({ AUDIT_CHUNK_RECORDS: '7' });
  const store = connectObjectStore(readStorageConfig({ ...process.env, ...services.env }));
  const held = new Map<string, Held>();
  const refused: string[] = [];
  let connection: Connection;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    await services.start();
    for (const { name, bytes } of ODD_RECORDS)
      await insertRaw(connection, 'auditlogs', [bytes]).catch(() => refused.push(name));
    const known = new Map(ODD_RECORDS.map((odd) => [readRecord(odd.bytes).id, odd]));
    const cursor = connection.collection('auditlogs').find<Buffer>({}, { raw: true });
    for await (const bytes of cursor) {
      const { id } = readRecord(bytes);
      held.set(id, { odd: known.get(id)!, digest: sha256Hex(cutRecord(bytes)) });
    }
  }, 240_000);

  afterAll(async () => {
    await services.stop();
    await connection.close();
  });

  test('the server accepts at least 150 of them', () => {
    process.stdout.write(`refused by the server: ${refused.join(', ')}\n`);
    expect(held.size + refused.length).toBe(ODD_RECORDS.length);
    expect(held.size).toBeGreaterThanOrEqual(150);
  });

  test('each record that a window can contain is sealed byte for byte, once, and the evidence is VERIFIED', async () => {
    const job = await services.ended(await services.submit(ALL));
    expect(job).toMatchObject({ status: 'succeeded', error: null });
    const { snapshotId, recordCount, conflictCount } = job.result!;

    const manifest = parseManifest((await store.get(manifestKey(snapshotId), MAX_MANIFEST_BYTES))!.body);
    const digests: string[] = [];
    for (const { key } of manifest.chunks) {
      const { body } = (await store.get(key, 64 * MIB))!;
      for (const record of splitRecords(await unpackChunk(body))) digests.push(sha256Hex(record));
    }
    const sealed = [...held.values()].filter(
      ({ odd, digest }) => odd.outcome === 'sealed' && (!odd.dependsOnServer || digests.includes(digest)),
    );
    const others = [...held.values()].filter(
      ({ odd, digest }) =>
        odd.outcome !== 'sealed' && odd.dependsOnServer === true && digests.includes(digest),
    );
    expect(digests.toSorted()).toEqual([...sealed, ...others].map(({ digest }) => digest).toSorted());
    const marked = await connection.collection('auditlogs').countDocuments({ immutable: true, snapshotId });
    expect(marked).toBe(recordCount - conflictCount);
    // A server may refuse to update further records, such as those with deprecated types.
    const unmarkable = sealed.filter(({ odd }) => odd.unmarkable === true);
    expect(conflictCount).toBeGreaterThanOrEqual(unmarkable.length);

    const trust = await readTrust({ ...process.env, ...services.env });
    const report = await verifySnapshot(bucketReader(store), { snapshotId, trust });
    expect(report).toMatchObject({ verdict: 'VERIFIED', failures: [] });
  }, 300_000);

  test('a second job over the same window seals none of them again', async () => {
    const job = await services.ended(await services.submit(ALL));
    expect(job).toMatchObject({ status: 'succeeded', result: { recordCount: 0 } });
  }, 300_000);

  test('a finding that is acknowledged by the commands of the runbook needs attention until that is sealed, and verify names the record', async () => {
    const env = { ...process.env, ...services.env };
    const trust = join(services.logs, 'trust.json');
    writeFileSync(trust, JSON.stringify(await readTrust(env)));
    const fromMs = Date.now();
    const run = async <T>(...args: string[]): Promise<T> => {
      const { code, stdout } = await runCommand(env, ...args, '--json');
      if (code !== 0 && code !== 6) throw new Error(`${args.join(' ')}: ${code} ${stdout}`);
      return JSON.parse(stdout) as T;
    };
    const sealNow = async () => {
      const now = { from: new Date(fromMs).toISOString(), to: new Date().toISOString() };
      return (await services.ended(await services.submit(now))).result!.snapshotId;
    };
    /** What `status` says about findings. */
    const reasons = async () =>
      (await run<{ reasons: string[] }>('status')).reasons.filter((reason) => reason.includes('own hash'));

    const before = await run<FindingList>('findings', 'list', '--limit', '10000');
    const { total, findings } = before;
    expect(before).toMatchObject({ open: total, pending: 0, acknowledged: 0, more: 0 });
    expect(await reasons()).toEqual([expect.stringMatching(new RegExp(`^${total} sealed records`))]);
    const { snapshotId, recordId } = findings[0]!;
    const runbook = new Runbook('A finding is known');
    expect((await runbook.run(env, /list/)).stdout).toMatch(new RegExp(`^${total} findings: ${total} open`));
    const first = await runbook.run(env, /acknowledge/, { snapshotId, recordId });
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('not sealed yet') as string });
    const known = ['findings', 'acknowledge', snapshotId, recordId, '--reason', 'again'];
    expect(await run(...known)).toMatchObject({ state: 'pending', created: false });
    expect(await reasons()).toEqual([expect.stringContaining('(1 of them acknowledged, not sealed yet)')]);

    const sealedIn = await sealNow();
    expect(await run(...known)).toMatchObject({ state: 'acknowledged', created: false, sealedIn });
    expect(await reasons()).toEqual([expect.stringMatching(new RegExp(`^${total - 1} sealed records`))]);
    const all = ['findings', 'acknowledge', snapshotId, '--all', '--by', 'jonas', '--reason', 'all old'];
    expect(await run(...all)).toMatchObject({ state: 'pending', recordId: null });
    await sealNow();
    expect(await reasons()).toEqual([]);
    const status = (await runbook.run(env, /status/)).stdout;
    expect(status).toContain(`findings        ${total}, ${total} of them acknowledged`);
    expect(runbook.unused).toEqual([]);
    expect(await run('findings', 'list', '--open')).toMatchObject({ open: 0, acknowledged: total, more: 0 });

    const verified = await run<Verified>('verify', '--key', trust);
    expect(verified.verdict).toBe('VERIFIED');
    const own = verified.snapshots.find((snapshot) => snapshot.snapshotId === snapshotId);
    expect(own).toMatchObject({ findingCount: total, acknowledgedCount: total });
    expect(verified.notes.join('\n')).toContain(
      `the finding ${findings[0]!.kind} of record ${recordId} is acknowledged by jonas.weber in record`,
    );
    expect(verified.notes.join('\n')).toContain(`of ${sealedIn}: ticket-17`);
  }, 240_000);
});
