import { mongo } from 'mongoose';
import { chunkKey, manifestSignatureKey } from '../../../src/evidence/objectKeys';
import { accusationsOf, innocentStates, logHour, newDeps, seal, trustOf } from '../../harness/innocentStates';

const { BSON } = mongo;

test('no verification of an innocent state accuses', async () => {
  const accused: string[] = [];
  let states = 0;
  for await (const { name, accusations } of innocentStates(9)) {
    states++;
    accused.push(...accusations.map((what) => `${name}: ${what}`));
  }
  expect(states).toBeGreaterThan(60);
  expect(accused).toEqual([]);
}, 60_000);

test('the same verification accuses when a record, a chunk or a signature was changed', async () => {
  const deps = newDeps();
  logHour(deps, 0);
  await seal(deps, 0);
  const trust = await trustOf(deps);
  await expect(accusationsOf(deps, trust)).resolves.toEqual([]);

  const id = deps.records.ids()[1]!;
  const original = deps.records.read(id)!;
  deps.records.addRaw(BSON.serialize({ ...BSON.deserialize(original), actorId: 'mallory' }));
  await expect(accusationsOf(deps, trust)).resolves.toEqual([`altered: snap-hour-0 ${id}`]);
  deps.records.addRaw(original);

  const key = chunkKey('snap-hour-0', 0);
  const { body } = deps.store.versions(key)[0]!;
  deps.store.alter(key, Buffer.concat([body, Buffer.of(0)]));
  await expect(accusationsOf(deps, trust)).resolves.toContain(`evidence: snap-hour-0 ${key}`);
  deps.store.alter(key, body);

  deps.store.alter(manifestSignatureKey('snap-hour-0'), Buffer.from(`${'A'.repeat(86)}==`));
  const accusations = await accusationsOf(deps, trust);
  expect(accusations.join('\n')).toContain('signature: snapshots/snap-hour-0/manifest.json.sig');
});
