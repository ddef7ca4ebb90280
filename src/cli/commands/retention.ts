import type { Command } from 'commander';
import { parseInstantMs } from '../../contract/window';
import { SnapshotError } from '../../errors';
import type { ObjectStore } from '../../ports/objectStore';
import { action } from '../action';
import { openObjectStore } from '../connections/objectStore';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { listSnapshotObjects, type ObjectVersion } from '../snapshotObjects';

/** `retention`: S3 Object Lock retention of all objects of a snapshot. */
export function define(command: Command): void {
  command.description('how long the objects of a snapshot are locked');
  command
    .command('extend')
    .description('lock the objects of a snapshot for longer; a lock is never shortened')
    .argument('<snapshotId>')
    .requiredOption('--until <instant>', 'e.g. 2040-01-31T00:00:00Z')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('audit-snapshot retention extend snap-65f0c0ffee65f0c0ffee65f0 --until 2040-01-31T00:00:00Z'),
    )
    .action(action(extend));
}

/** LOCK_REFUSED, before anything is changed, when an object is locked for longer already. */
async function extend(
  snapshotId: string,
  options: JsonOption & { readonly until: string },
  output: Output,
): Promise<number> {
  const ms = parseInstantMs(options.until);
  if (ms === undefined)
    throw new SnapshotError('USAGE_INVALID', `--until is not an instant with an offset: ${options.until}`);
  const until = new Date(ms);
  const store = openObjectStore();
  const objects = await listSnapshotObjects(store, snapshotId);
  for (const object of objects) await requireExtension(store, object, until);
  for (const { key, versionId } of objects) await store.extendLock(key, versionId, until);
  output.result(
    options.json === true
      ? JSON.stringify({ snapshotId, objects: objects.length, until: until.toISOString() })
      : `snapshot ${snapshotId}: ${objects.length} objects locked until ${until.toISOString()}`,
  );
  return EXIT.ok;
}

async function requireExtension(
  store: ObjectStore,
  { key, versionId }: ObjectVersion,
  until: Date,
): Promise<void> {
  const lock = await store.readLock(key, versionId);
  if (!lock || lock.until <= until) return;
  const message = `a lock is never shortened: the present one lasts until ${lock.until.toISOString()}, which is later than ${until.toISOString()} [key=${key}]`;
  throw new SnapshotError('LOCK_REFUSED', message);
}
