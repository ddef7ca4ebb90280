import { createIndexes, declaredIndexes, readIndexes, requireIndexes } from '../../src/mongo/indexes';
import { connectDatabase } from '../../src/mongo/connection';
import { databaseUri, uniqueName } from '../harness/deployment';
import { runCommand } from '../harness/commandLine';

describe('the indexes of a database', () => {
  const env = { ...process.env, MONGODB_URI: databaseUri(uniqueName('indexes')) };
  const connect = () => connectDatabase(env.MONGODB_URI);

  test('"indexes create" creates all of an empty database, and then nothing', async () => {
    const { code, stdout } = await runCommand(env, 'indexes', 'check');
    expect(code).toBe(1);
    expect(stdout).toMatch(/missing.*auditlogs: \{"immutable":1,"timestamp":1,"_id":1\}/);
    const first = await runCommand(env, 'indexes', 'create');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('created auditlogs: {"immutable":1,"timestamp":1,"_id":1}');
    expect(first.stdout).toContain('created ledgerleaves: {"snapshotId":1} unique');
    expect(await runCommand(env, 'indexes', 'create')).toMatchObject({
      code: 0,
      stdout: 'all indexes exist already\n',
    });
    expect(await runCommand(env, 'indexes', 'check')).toMatchObject({ code: 0 });
  });

  test('an existing index of the same keys counts under any name, and is not created again', async () => {
    await using database = await connect();
    await database.dropDatabase();
    const logs = database.collection('auditlogs');
    await logs.createIndex({ immutable: 1, timestamp: 1, _id: 1 }, { name: 'made_by_an_administrator' });
    const created = await createIndexes(database);
    expect(created.map(({ collection }) => collection)).not.toContain('auditlogs');
    expect(created).toHaveLength(declaredIndexes(database).length - 1);
    const [index] = await readIndexes(database);
    expect(index).toMatchObject({ state: 'present', name: 'made_by_an_administrator' });
    await requireIndexes(database, 'worker');
  });

  test.each<[string, Record<string, unknown>]>([
    ['not unique', {}],
    ['partial', { unique: true, partialFilterExpression: { kind: 'x' } }],
    ['sparse', { unique: true, sparse: true }],
  ])(
    'an index of the same keys that is %s is INDEX_CONFLICT, and nothing is created',
    async (_what, options) => {
      await using database = await connect();
      await database.dropDatabase();
      await database.collection('assets').createIndex({ snapshotId: 1 }, { ...options, name: 'theirs' });
      const conflict = {
        code: 'INDEX_CONFLICT',
        message: expect.stringContaining('theirs of assets: {"snapshotId":1} unique') as string,
      };
      await expect(createIndexes(database)).rejects.toMatchObject(conflict);
      await expect(requireIndexes(database, 'worker')).rejects.toMatchObject(conflict);
      const names = (await database.db!.listCollections().toArray()).map(({ name }) => name);
      expect(names).toEqual(['assets']);
    },
  );

  test('a worker and a job service without indexes end with INDEXES_MISSING and the command that creates them', async () => {
    await using database = await connect();
    await database.dropDatabase();
    await createIndexes(database);
    await database.collection('ledgerleaves').dropIndex('snapshotId_1');
    await database.collection('idempotencykeys').dropIndex('expiresAt_1');
    for (const [command, more, missing] of [
      ['worker', {}, 'ledgerleaves: {"snapshotId":1} unique'],
      ['serve', { JOB_SERVICE_INSECURE_NO_AUTH: 'true', PORT: '0' }, 'idempotencykeys: {"expiresAt":1}'],
    ] as const) {
      const { code, stderr } = await runCommand(
        { ...env, ...more, TEMPORAL_TASK_QUEUE: 'no-indexes' },
        command,
      );
      expect(code).toBe(1);
      expect(stderr).toContain(`lacks the indexes ${missing}; create them with`);
      expect(stderr).toContain('error [INDEXES_MISSING]');
      expect(stderr).toContain('audit-snapshot indexes create');
    }
  });
});
